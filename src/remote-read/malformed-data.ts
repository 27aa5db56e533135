/** Bytes that are not what they claim to be: cut short, over a limit, of the wrong type, or with a wrong checksum. */
export class MalformedData extends Error {
  override readonly name = "MalformedData";
}
