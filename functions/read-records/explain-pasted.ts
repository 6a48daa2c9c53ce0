import { isJsonObject, type JsonValue } from '../../lib/base/documents/json-value.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { explainText } from '../../lib/cluster/explain/explain-text.ts';
import { toExplained } from '../../lib/cluster/explain/fixes/explained.ts';
import { createObjectReleaseStore } from '../../lib/stores/numbered-stores.ts';
import { isProfileName } from '../../lib/trust/prepared/profiles.ts';
import type { ViewPlaces } from './read-releases.ts';

/** Bytes of a pasted text, and of the request around it, which escapes it. */
export const MAX_PASTED_BYTES = 512 * 1024;
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** Releases of a text that are looked up in the mirror. */
const MAX_SEARCHED = 10;
const MEMBERS = ['text', 'profile'];

/**
 * POST /v1/explain: what a message of a cluster says, and what to do. The service's own mirror is searched, and nothing
 * else: a text of a stranger contacts nobody.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function explainPasted({ trust: source, objects, now, signal }: ViewPlaces, body: JsonValue) {
  const { text, profile } = parse(body);
  const trust = await source.read(profile);
  const store = createObjectReleaseStore(objects);
  const places = [{ role: 'mirror', name: 'this service', store }] as const;
  const search = { trust, places, now: now(), signal, limit: MAX_SEARCHED };
  const command = `signet explain message.txt --trust trust --profile ${trust.prepared.profile}`;
  return await toExplained(explainText(text), command, search);
}

function parse(body: JsonValue): { readonly text: string; readonly profile: string | undefined } {
  if (!isJsonObject(body)) throw new InputError('BodyInvalid', 'the body must be an object');
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) {
    throw new InputError(
      'BodyInvalid',
      `unknown member ${JSON.stringify(unknown.slice(0, 100))}; expected ${MEMBERS.join(', ')}`,
    );
  }
  const { text, profile } = body;
  if (typeof text !== 'string') throw new InputError('BodyInvalid', 'text must be a string');
  if (Buffer.byteLength(text) > MAX_PASTED_BYTES) {
    throw new InputError(
      'BodyTooLarge',
      `text: at most ${MAX_PASTED_BYTES} bytes are read; paste the part that says why`,
    );
  }
  if (profile !== undefined && (typeof profile !== 'string' || !isProfileName(profile))) {
    throw new InputError('BodyInvalid', 'profile must be the name of a profile');
  }
  return { text, profile };
}
