/** What to do: a sentence and, if there is one, the exact command, object or file. */
export interface Fix {
  readonly say: string;
  /** For a shell. */
  readonly command?: string | undefined;
  /** A Kubernetes object to apply. */
  readonly manifest?: object | undefined;
  /** A file that is not a Kubernetes object. */
  readonly file?: { readonly name: string; readonly text: string } | undefined;
}

/** Quotes a text as one word of a POSIX shell. */
export function toShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
