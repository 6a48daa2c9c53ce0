import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { isBundleId } from './bundle-id.ts';

/** What a caller asks for: a bundle of this profile, and the one that it follows. */
export interface BundleRequestBody {
  readonly profile: string | undefined;
  readonly since: string | undefined;
}

const MEMBERS = ['profile', 'since'];

/** `{ "profile"?: …, "since"?: <id of a bundle> }` @throws InputError `BodyInvalid` that names the member */
export function parseBundleRequest(body: JsonValue): BundleRequestBody {
  if (!isJsonObject(body)) throw invalid('the body must be an object');
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw invalid(`unknown member ${JSON.stringify(unknown)}; expected ${MEMBERS.join(', ')}`);
  const { profile, since } = body;
  if (profile !== undefined && typeof profile !== 'string') throw invalid('profile must be a string');
  if (since !== undefined && (typeof since !== 'string' || !isBundleId(since))) {
    throw invalid('since must be the id of a bundle: 32 lower-case hex digits');
  }
  return { profile, since };
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
