import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { requireCanonicalScope } from '../../base/names/scope.ts';

const WILDCARD = '*.';

/**
 * A key of `docker`, its host in canonical spelling: `*.domain`, a host, a namespace or repository in it, or an image by
 * tag or digest. Nothing else could ever match a reference. @throws InputError.
 */
export function parseNamespace(text: string): string {
  requireCanonicalScope(text);
  if (text.startsWith(WILDCARD)) {
    // With a label in front, because `*.com` is a namespace although `com` is no host. Ports play no part.
    const host = parseRegistryHost(`a.${text.slice(WILDCARD.length)}`);
    if (host.includes(':')) throw invalid(text, 'a wildcard has no port');
    return `${WILDCARD}${host.slice('a.'.length)}`;
  }
  const slash = text.indexOf('/');
  const host = parseRegistryHost(slash < 0 ? text : text.slice(0, slash));
  if (slash < 0) return host;
  const path = text.slice(slash + 1);
  try {
    // One more component, so that Docker Hub's short names play no part.
    parseReference(`${host}/a/${path}`);
  } catch (cause) {
    throw invalid(text, 'it is neither a namespace nor an image', cause);
  }
  return `${host}/${path}`;
}

function invalid(text: string, fault: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', `${JSON.stringify(text)} cannot match an image: ${fault}`, { cause });
}
