const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
};

/**
 * The value of a PromQL string literal, quotes included in what is given: "…", '…' with Go's escapes, or `…` taken as it is.
 * Undefined where Prometheus would refuse it or where its value is not valid UTF-8.
 */
export function unquote(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || quote === undefined || literal.at(-1) !== quote) return undefined;
  const inner = literal.slice(1, -1);
  if (quote === "`") return inner.includes("`") ? undefined : inner;
  if (quote !== '"' && quote !== "'") return undefined;
  if (inner.includes("\n")) return undefined;
  if (!inner.includes("\\")) return inner.includes(quote) ? undefined : inner;
  return unescape(inner, quote);
}

/** Escapes such as \xff stand for bytes, not characters, so the value is put together as bytes. */
function unescape(inner: string, quote: string): string | undefined {
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let at = 0;
  while (at < inner.length) {
    const next = inner.indexOf("\\", at);
    const plain = inner.slice(at, next === -1 ? inner.length : next);
    if (plain.includes(quote)) return undefined;
    parts.push(encoder.encode(plain));
    if (next === -1) break;
    const escape = readEscape(inner, next + 1, quote);
    if (!escape) return undefined;
    parts.push(escape.bytes);
    at = escape.end;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch {
    return undefined;
  }
}

/** @param at offset just after the backslash */
function readEscape(text: string, at: number, quote: string): { bytes: Uint8Array; end: number } | undefined {
  const letter = text[at] ?? "";
  if ((letter === "'" || letter === '"') && letter !== quote) return undefined;
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { bytes: Uint8Array.of(simple), end: at + 1 };
  const octal = /^[0-7]{3}/.exec(text.slice(at, at + 3))?.[0];
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    return value > 255 ? undefined : { bytes: Uint8Array.of(value), end: at + 3 };
  }
  const digits = { x: 2, u: 4, U: 8 }[letter];
  if (digits === undefined) return undefined;
  const end = at + 1 + digits;
  const hex = text.slice(at + 1, end);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
  const value = Number.parseInt(hex, 16);
  if (letter === "x") return { bytes: Uint8Array.of(value), end };
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined;
  return { bytes: new TextEncoder().encode(String.fromCodePoint(value)), end };
}
