import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { isInternalFault } from '../../base/errors/evaluate-candidate.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { isPlatform, MAX_PLATFORMS, type Platform, parsePlatform } from '../../base/names/platform.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import { RETRY_AFTER_SECONDS, toJsonResponse } from '../../platform/lambda/http-stack.ts';
import type { Telemetry } from '../../platform/lambda/telemetry.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Attempt, Verdict } from '../judge/verdict.ts';
import type { ImageRequest } from './decide-image.ts';

/** What a caller of the API asks: the image, and by which profile. */
interface ApiRequest extends ImageRequest {
  readonly profile: string | undefined;
}

const MEMBERS = ['pullspec', 'profile', 'mode', 'platforms'] as const;

/**
 * `{ "pullspec": …, "profile"?: …, "mode"?: "enforce" | "warn", "platforms"?: ["linux/amd64", …] }`, and `force` where the route takes it.
 *
 * @throws InputError `BodyInvalid` that names the member, `PullspecInvalid`, `DigestInvalid`
 */
export function parseApiRequest(body: JsonValue, { takesForce }: { readonly takesForce: boolean }): ApiRequest {
  if (!isJsonObject(body)) throw invalid('the body must be an object');
  const known: readonly string[] = takesForce ? [...MEMBERS, 'force'] : MEMBERS;
  const unknown = Object.keys(body).find((member) => !known.includes(member));
  if (unknown === 'force') {
    throw new InputError(
      'ForceNotAllowed',
      'force has a route of its own, with a permission of its own: POST /v1/verify/forced',
    );
  }
  if (unknown !== undefined) throw invalid(`unknown member ${JSON.stringify(unknown)}; expected ${known.join(', ')}`);
  const { pullspec, profile, mode, platforms, force } = body;
  if (typeof pullspec !== 'string') throw invalid('pullspec must be a string');
  if (profile !== undefined && typeof profile !== 'string') throw invalid('profile must be a string');
  if (mode !== undefined && mode !== 'enforce' && mode !== 'warn') throw invalid('mode must be "enforce" or "warn"');
  if (force !== undefined && typeof force !== 'boolean') throw invalid('force must be true or false');
  // Who asks on the route for it means it.
  return {
    pullspec: parsePullspec(pullspec),
    profile,
    mode,
    platforms: platforms === undefined ? undefined : readPlatforms(platforms),
    force: force ?? takesForce,
  };
}

function readPlatforms(platforms: JsonValue): readonly Platform[] {
  const isList = Array.isArray(platforms) && platforms.length >= 1 && platforms.length <= MAX_PLATFORMS;
  if (!isList) throw invalid(`platforms must be an array of 1 to ${MAX_PLATFORMS} platforms`);
  return platforms.map((text) => {
    if (typeof text === 'string' && isPlatform(text)) return parsePlatform(text);
    throw invalid(`platforms must hold texts such as "linux/amd64", found ${JSON.stringify(text).slice(0, 64)}`);
  });
}

/**
 * A caller of the API may be stricter than the profile, and not laxer: `warn` is the operator's to give.
 *
 * @throws InputError `ModeNotAllowed`
 */
export function requireModeAllowed({ mode }: ApiRequest, prepared: Pick<PreparedTrust, 'mode' | 'profile'>): void {
  if (mode !== 'warn' || prepared.mode === 'warn') return;
  throw new InputError(
    'ModeNotAllowed',
    `profile ${prepared.profile} enforces its pullspec policy; a request cannot soften it`,
  );
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}

/**
 * 200 for a verdict that says yes or no, 503 for one that could not be had yet.
 *
 * @param body what to answer instead of the verdict itself, such as an operator's words for it
 */
export function toVerdictResponse(
  verdict: Verdict,
  headers: Readonly<Record<string, string>> = {},
  body: object = verdict,
): APIGatewayProxyStructuredResultV2 {
  if (verdict.outcome !== 'indeterminate') return toJsonResponse(200, body, headers);
  return toJsonResponse(503, body, { ...headers, 'retry-after': String(RETRY_AFTER_SECONDS) });
}

/** Faults of one verdict that are logged. */
const MAX_LOGGED = 5;

/**
 * Counts and logs the candidates that made Signet fail. The verdict ignores them, so that nothing else shows them.
 */
export function reportFaults({ attempts, reasons, digest, profile }: Verdict, telemetry: Telemetry): void {
  const tried: readonly Partial<Attempt>[] = attempts.filter(isInternalFault);
  // A manifest is no attempt: what failed in reading it is a reason alone.
  const faults: readonly Pick<Partial<Attempt>, 'location' | 'keyring' | 'note' | 'message'>[] =
    tried.length === 0 ? reasons.filter(isInternalFault) : tried;
  if (faults.length === 0) return;
  telemetry.count('CandidateFault', faults.length);
  for (const { location, keyring, note, message } of faults.slice(0, MAX_LOGGED)) {
    telemetry.log('error', 'a signature could not be read because of an internal fault', {
      profile,
      digest,
      location,
      keyring,
      note: note ?? message,
    });
  }
}
