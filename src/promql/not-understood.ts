/** Thrown inside the parser where it meets something that it does not know for certain; never leaves it. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}
