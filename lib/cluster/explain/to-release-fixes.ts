import { InputError } from '../../base/errors/input-error.ts';
import { toKeySegment } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/pullspec.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { evaluatePullspec } from '../../verdict/judge/evaluate-pullspec.ts';
import {
  type SignatureConfigMapDocument,
  type SignedRelease,
  toSignatureConfigMaps,
} from '../render/signature-config-maps.ts';
import type { ReleaseFacts } from './explanation.ts';
import type { SignatureSearch } from './find-signatures.ts';
import { type Fix, toShellWord } from './fix.ts';

/** What was given beside the text. */
export interface FixContext {
  /** Undefined where no trust was given, or the text names no digest: then nothing was looked for. */
  readonly search?: SignatureSearch | undefined;
  readonly trust?: PreparedTrust | undefined;
  /** The command that was run, for a shell. */
  readonly command: string;
}

const UNSET_STORES =
  'oc patch clusterversion version --type json --patch \'[{"op":"remove","path":"/spec/signatureStores"}]\'';

/** What would mend it, what mends most first; nothing for a release that the cluster accepted as it is. */
export function toReleaseFixes(facts: ReleaseFacts, context: FixContext): readonly Fix[] {
  const { states } = facts;
  if (!states.some((state) => state === 'refused' || state === 'forced' || state === 'not-downloaded')) {
    return states.length === 0 && facts.asked.length > 0 ? toSignatureFixes(facts, context) : [];
  }
  return [
    ...toPullspecFixes(facts, context),
    ...(states.includes('refused') ? toSignatureFixes(facts, context) : []),
    ...(states.includes('refused') ? toStoreFixes(facts) : []),
    ...(states.includes('forced') ? [toForcedFix(facts)] : []),
    ...(states.includes('not-downloaded') ? [toMirrorFix(facts, context)] : []),
  ];
}

function toPullspecFixes({ image, faults }: ReleaseFacts, { trust }: FixContext): readonly Fix[] {
  const fixes: Fix[] = [];
  if (faults.some(({ fault }) => fault === 'not-by-digest')) {
    const command = image === undefined ? undefined : `oc adm release info ${toShellWord(image)}`;
    fixes.push({ say: 'name the release by digest: a tag cannot be verified; its digest is shown by', command });
  }
  if (faults.some(({ fault }) => fault === 'digest-invalid')) {
    fixes.push({ say: 'write the digest as sha256: and 64 lower-case hex digits' });
  }
  if (faults.some(({ fault }) => fault === 'no-trust')) {
    fixes.push({
      say: 'the verifier has no usable trust. Hive reads the ConfigMap that HiveConfig names in spec.releaseImageVerificationConfigMapRef; a cluster reads the one in its release',
      command: 'signet render trust --trust DIR',
    });
  }
  const judgement = trust === undefined || image === undefined ? undefined : judgePullspec(image, trust);
  for (const { message, remedy } of judgement?.reasons ?? []) {
    fixes.push({ say: remedy === undefined ? message : `${message}: ${remedy}` });
  }
  return fixes;
}

function judgePullspec(image: string, trust: PreparedTrust): ReturnType<typeof evaluatePullspec> | undefined {
  try {
    return evaluatePullspec(parsePullspec(image), { ...trust, mode: 'enforce' });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function toSignatureFixes({ digest, keyrings }: ReleaseFacts, { search, trust, command }: FixContext): readonly Fix[] {
  if (digest === undefined) return [];
  if (search === undefined || trust === undefined) {
    return [
      {
        say: 'whether a signature is to be had was not looked for: explain it with the trust of the profile, and with the mirror if there is one',
        command: `${command} --trust DIR --mirror DIR`,
      },
    ];
  }
  const foreign = keyrings.filter((name) => trust.keyrings.every((known) => known.name !== name));
  const notes: readonly Fix[] =
    foreign.length === 0
      ? []
      : [{ say: `the cluster asks for ${foreign.join(', ')}, which the profile ${trust.profile} does not have` }];
  // What another publisher signed cannot mend a cluster that asks for this one's keyring.
  if (foreign.length > 0 && foreign.length === keyrings.length) return notes;
  if (search.release !== undefined) return [...notes, toConfigMapFix(search.release, command)];
  const reasons = new Map(
    search.places.flatMap((place) =>
      place.reasons.map(({ message, remedy }) => [message, remedy === undefined ? message : `${message}: ${remedy}`]),
    ),
  );
  return [...notes, ...[...reasons.values()].map((say): Fix => ({ say }))];
}

function toConfigMapFix(release: SignedRelease, command: string): Fix {
  const [configMap] = toSignatureConfigMaps([release]);
  if (configMap === undefined) return { say: 'no signature of it is one that clusters can read' };
  return {
    say: 'apply the signature as a ConfigMap: the cluster reads those before any store, and tries again by itself',
    command: `${command} -o yaml | oc apply -f -`,
    manifest: toOwnName(release, configMap),
  };
}

/** Under a name of its own: that of a minor version would replace a ConfigMap that holds other releases. */
function toOwnName({ digest }: SignedRelease, configMap: SignatureConfigMapDocument): SignatureConfigMapDocument {
  return { ...configMap, metadata: { ...configMap.metadata, name: toKeySegment(digest) } };
}

function toStoreFixes({ asked }: ReleaseFacts): readonly Fix[] {
  const fixes: Fix[] = [];
  const custom = asked.filter(({ place }) => place.kind === 'signature-stores');
  if (custom.some(({ answer }) => answer === 'misconfigured')) {
    fixes.push({
      say: 'spec.signatureStores is an empty list, which the operator takes for an error: remove the field',
      command: UNSET_STORES,
    });
  } else if (custom.length > 0) {
    fixes.push({
      say: 'spec.signatureStores replaces the default stores, and none of its stores has the signature: to go back to the default ones, remove the field',
      command: UNSET_STORES,
    });
  }
  for (const { place, answer, text } of asked) {
    if (place.kind !== 'url' || answer !== 'failed') continue;
    fixes.push({
      say:
        text === 'response status 403'
          ? `${place.url} answered 403: a bucket says so of an absent object to who may not list it; let it answer 404`
          : `${place.url} did not answer as a store should (${text}): it may hold the signature`,
    });
  }
  return fixes;
}

function toForcedFix({ image }: ReleaseFacts): Fix {
  return {
    say: 'the update was forced and went on unverified: applying a signature now does not change its history; to know what was accepted, verify it',
    command: image === undefined ? undefined : `signet verify ${toShellWord(image)} --trust DIR`,
  };
}

function toMirrorFix({ image }: ReleaseFacts, { trust }: FixContext): Fix {
  const rules = trust?.mirrorRules.filter(({ source }) => image?.startsWith(source) === true) ?? [];
  const known = rules.map(({ origin, mirrors }) => `${origin} redirects it to ${mirrors.join(', ')}`);
  return {
    say: `the release could not be downloaded: that is no matter of signatures. Its registry, or a mirror of it, must be within reach${known.length === 0 ? '' : `; ${known.join('; ')}`}`,
    command: 'signet render mirror-sets --mirror REGISTRY/REPOSITORY | oc apply -f -',
  };
}
