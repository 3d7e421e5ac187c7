/** A failure of the local stack that its user can mend: one line, no stack trace. */
export class LocalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LocalError";
  }
}
