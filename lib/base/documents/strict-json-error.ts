export type StrictJsonFault = 'grammar' | 'duplicate' | 'depth';

/** A text that is not strict JSON. Callers convert it to the error of whoever must act. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly fault: StrictJsonFault;
  /** Where, in UTF-16 code units from the start of the text. */
  readonly offset: number;

  constructor(fault: StrictJsonFault, reason: string, offset: number) {
    super(`${reason} at character ${offset}`);
    this.fault = fault;
    this.offset = offset;
  }
}
