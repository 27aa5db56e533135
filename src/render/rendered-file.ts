/** A file as it is to be written: path relative to the target's root folder, with "/" between parts. */
export interface RenderedFile {
  path: string;
  content: string;
  /** Unix permission bits; 0o600 where the content may hold a secret. */
  mode: number;
}
