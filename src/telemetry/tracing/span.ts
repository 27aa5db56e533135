import { type TraceContext, newSpanId } from "./trace-context.ts";

export type SpanKind = "internal" | "server" | "client";

export type Attribute = string | number | boolean | readonly string[];

/** Another span that has to do with one, in a trace of its own. */
export interface SpanLink {
  traceId: string;
  spanId: string;
}

/** A span that is over. Times are ms since 1970, with parts. */
export interface EndedSpan {
  context: TraceContext;
  parentId: string | undefined;
  name: string;
  kind: SpanKind;
  began: number;
  ended: number;
  attributes: ReadonlyMap<string, Attribute>;
  links: readonly SpanLink[];
  /** What went wrong. */
  error: string | undefined;
}

/** Something that is done for a request, while it is done. */
export class Span {
  readonly context: TraceContext;
  readonly #about: Pick<EndedSpan, "parentId" | "name" | "kind" | "began">;
  readonly #attributes = new Map<string, Attribute>();
  readonly #links: SpanLink[] = [];
  readonly #over: (span: EndedSpan) => void;
  readonly #now: () => number;
  #isOver = false;

  /**
   * @param now ms since 1970, by a clock that is the same for all of the trace
   * @param over takes it when it has ended
   */
  constructor(
    context: TraceContext,
    parentId: string | undefined,
    name: string,
    kind: SpanKind,
    now: () => number,
    over: (span: EndedSpan) => void,
  ) {
    this.context = context;
    this.#about = { parentId, name, kind, began: now() };
    this.#now = now;
    this.#over = over;
  }

  child(name: string, kind: SpanKind): Span {
    const context = { ...this.context, spanId: newSpanId() };
    return new Span(context, this.context.spanId, name, kind, this.#now, this.#over);
  }

  /** Undefined values are left out. */
  set(attributes: Readonly<Record<string, Attribute | undefined>>): this {
    for (const [name, value] of Object.entries(attributes))
      if (value !== undefined) this.#attributes.set(name, value);
    return this;
  }

  link(to: SpanLink): this {
    this.#links.push(to);
    return this;
  }

  /** The first call counts. @param error what went wrong */
  end(error?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over({
      ...this.#about,
      context: this.context,
      ended: this.#now(),
      attributes: this.#attributes,
      links: this.#links,
      error,
    });
  }
}
