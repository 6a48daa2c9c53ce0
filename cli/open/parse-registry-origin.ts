import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseRegistryHost } from '../../lib/base/names/registry-host.ts';

/**
 * `host[:port]=http(s)://host[:port]`: where a registry's API is instead of at `https://host[:port]`.
 *
 * @throws InputError `ArgumentInvalid`
 */
export function parseRegistryOrigin(text: string): readonly [host: string, origin: string] {
  const at = text.indexOf('=');
  const url = URL.canParse(text.slice(at + 1)) ? new URL(text.slice(at + 1)) : undefined;
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (at < 1 || !isOrigin || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError('ArgumentInvalid', `--registry takes HOST=http(s)://HOST[:PORT], not ${JSON.stringify(text)}`);
  }
  try {
    return [parseRegistryHost(text.slice(0, at)), url.origin];
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `--registry: ${JSON.stringify(text.slice(0, at))} is not a registry host`, {
      cause,
    });
  }
}
