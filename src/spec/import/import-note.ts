import type { InputDocument, ValuePath } from "../input-document.ts";

/** Something about what was taken over that its owner has to know. */
export interface ImportNote {
  /** A key or a file. */
  what: string;
  /** `prometheus.yml:7:1` */
  at: string;
  why: string;
}

/** `prometheus.yml:7:1`, of a value or of what it stands in. */
export function placeIn(document: InputDocument, path: ValuePath): string {
  for (let length = path.length; length > 0; length--) {
    const position = document.keyPositionOf(path.slice(0, length));
    if (position) return `${position.file}:${position.line}:${position.column}`;
  }
  return `${document.file}:1:1`;
}
