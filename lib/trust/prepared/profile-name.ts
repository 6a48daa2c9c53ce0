const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Whether a text can name a profile: it becomes part of object keys, so no `/` and no dots alone. */
export function isProfileName(text: string): boolean {
  return NAME.test(text);
}
