/** Webhooks and admission authenticate by a token in the path: it never reaches a log. */
export function redactPath(path: string): string {
  return path.replace(/^(\/webhooks\/[^/]+\/).+$/, '$1<redacted>').replace(/^(\/admission\/)[^/]+/, '$1<redacted>');
}
