/** Characters of a reason made of an error: enough for a sentence, as the log has the rest. */
export const MAX_FAILURE_CHARACTERS = 300;

/** What a dead letter says of the exception that ended it: name, code and message, in one short line. */
export function toFailureReason(error: unknown): string {
  const text = error instanceof Error ? `${nameError(error)}: ${error.message}` : String(error);
  const characters = Array.from(text.replaceAll(/\s+/gu, ' ').trim());
  return characters.length > MAX_FAILURE_CHARACTERS
    ? `${characters.slice(0, MAX_FAILURE_CHARACTERS - 1).join('')}…`
    : characters.join('');
}

function nameError(error: Error): string {
  const { name } = error;
  return 'code' in error && typeof error.code === 'string' ? `${name} ${error.code}` : name;
}
