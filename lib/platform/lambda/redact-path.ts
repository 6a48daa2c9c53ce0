/**
 * Webhooks and admission authenticate by a token in the path: it never reaches a log. A stage may stand before the
 * route, and a path is whatever a caller wrote, line feeds included.
 */
export function redactPath(path: string): string {
  return path
    .replace(/^((?:\/[^/]*)?\/webhooks\/[^/]*\/)[\s\S]+$/, '$1<redacted>')
    .replace(/^((?:\/[^/]*)?\/admission\/)[^/]+/, '$1<redacted>');
}
