/** Numbers and texts as Go reads and writes them: what is wrong is to be told in the words of Prometheus, which is written in it. */

const digits = String.raw`\d+(?:_\d+)*`;
const hexDigits = "[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*";
const decimal = new RegExp(`^[+-]?(?:${digits}\\.?(?:${digits})?|\\.${digits})(?:[eE][+-]?${digits})?$`);
const hexadecimal = new RegExp(
  `^([+-]?)0[xX]_?(?:(${hexDigits})\\.?(${hexDigits})?|\\.(${hexDigits}))[pP]([+-]?${digits})$`,
);
const infinite = /^([+-]?)inf(?:inity)?$/i;

/** A number as strconv.ParseFloat takes it, infinities and NaN included; undefined where it is none, or too large. */
export function parseGoFloat(text: string): number | undefined {
  if (decimal.test(text)) {
    const value = Number(text.replaceAll("_", ""));
    return Number.isFinite(value) ? value : undefined;
  }
  const infinity = infinite.exec(text);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const hex = hexadecimal.exec(text.replaceAll(/(?<=[\da-fA-F])_(?=[\da-fA-F])/g, ""));
  if (!hex) return undefined;
  const [, sign, whole = "", before, after, exponent] = hex;
  const fraction = before ?? after ?? "";
  const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  return Number.isFinite(value) ? (sign === "-" ? -value : value) : undefined;
}

/** Why strconv.Atoi does not take a text; undefined where it does. */
export function atoiComplaint(text: string): string | undefined {
  const isNumber = /^[+-]?\d+$/.test(text);
  if (isNumber && BigInt.asIntN(64, BigInt(text.replace(/^\+/, ""))) === BigInt(text.replace(/^\+/, "")))
    return undefined;
  return `strconv.Atoi: parsing ${quoteLikeGo(text)}: ${isNumber ? "value out of range" : "invalid syntax"}`;
}

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** A text in double quotes, as `%q` prints it. */
export function quoteLikeGo(text: string): string {
  const inner = text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (named[character] !== undefined) return named[character];
    if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, "0")}`;
    return code < 0x1_0000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return `"${inner}"`;
}

/** From which on 'g' writes an exponent. */
const shortestExponent = 6;

const belowSecond = [
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
] as const;

/** A duration as Go prints it: "1h0m30s", "-1.5s", "20ms". @param nanoseconds a whole number */
export function printLikeGo(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const all = Math.abs(nanoseconds);
  if (all < 1e9) {
    const [unit, size] = belowSecond.find(([, least]) => all >= least) ?? belowSecond[2];
    return `${sign}${all / size}${unit}`;
  }
  const hours = Math.floor(all / 3600e9);
  const minutes = Math.floor(all / 60e9) % 60;
  const seconds = `${(all % 60e9) / 1e9}s`;
  return `${sign}${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}`;
}

/** A float as the text format has it: strconv.FormatFloat with 'g' and as few digits as name it, and no sign of a zero. */
export function printFloatLikeGo(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return "0";
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < shortestExponent) return String(value);
  const sign = exponent < 0 ? "-" : "+";
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
