/** Thrown by a kind whose operation answers no with a result instead of an exception. */
export class VectorRejected extends Error {
  override readonly name = 'VectorRejected';
}
