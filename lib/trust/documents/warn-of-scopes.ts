import { documentWarning, type ParsedDocument, type Path } from './parsed-document.ts';

/** A scope of the transport docker, and where its document says so. */
export interface PlacedScope {
  readonly scope: string;
  readonly path: Path;
}

/** Warns of scopes with a tag, which an operator may take for protection: verdicts are of repositories by digest. */
export function warnOfScopes(scopes: readonly PlacedScope[], source: ParsedDocument): readonly string[] {
  return scopes
    .filter(({ scope }) => hasTag(scope))
    .map(({ scope, path }) => {
      const fault = 'images are asked for by digest, and it has a tag';
      const text = `the scope ${JSON.stringify(scope)} covers no image that is verified here: ${fault}`;
      return documentWarning(source, path, text);
    });
}

function hasTag(scope: string): boolean {
  const slash = scope.lastIndexOf('/');
  const last = slash < 0 ? '' : scope.slice(slash);
  return last.includes(':') && !last.includes('@');
}
