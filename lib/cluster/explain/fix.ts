/** What the reader can do: a sentence, and where there is one the exact command, object or file. */
export interface Fix {
  readonly say: string;
  /** For a shell. */
  readonly command?: string | undefined;
  /** A Kubernetes object to apply. */
  readonly manifest?: object | undefined;
  /** A file that is no Kubernetes object. */
  readonly file?: { readonly name: string; readonly text: string } | undefined;
}

/** One word of a POSIX shell. */
export function toShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
