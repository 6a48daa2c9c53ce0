import { InputError } from '../../../base/errors/input-error.ts';
import { toKeySegment } from '../../../base/names/digest.ts';
import { parsePullspec } from '../../../base/names/reference.ts';
import type { PreparedTrust } from '../../../trust/prepared/prepared-trust.ts';
import { evaluatePullspec } from '../../../verdict/judge/pullspec-policy.ts';
import {
  type SignatureConfigMapDocument,
  type SignedRelease,
  toSignatureConfigMaps,
} from '../../render/signature-config-maps.ts';
import { type Fix, type ReleaseFacts, toShellWord } from '../explanation.ts';
import type { SignatureSearch } from '../find-signatures.ts';
import type { ReleaseState } from '../patterns/statement.ts';
import { toDownloadFix, toStoreFixes } from './to-store-fixes.ts';
import { toToolFixes } from './to-tool-fixes.ts';
import { toVerdictFixes } from './to-verdict-fixes.ts';

/** What the user gave besides the text. */
export interface FixContext {
  /** Undefined without trust or without a digest in the text: then nothing was searched. */
  readonly search?: SignatureSearch | undefined;
  readonly trust?: PreparedTrust | undefined;
  /** The command that was run, for a shell. */
  readonly command: string;
}

const ASKS_FOR_A_FIX: readonly ReleaseState[] = [
  'refused',
  'forced',
  'not-downloaded',
  'not-mirrored',
  'not-retrieved',
  'unverified',
  'denied',
  'rejected',
  'undecided',
  'not-held',
];
/** States in which signatures of the release are looked for. */
const LACKS_SIGNATURE: readonly ReleaseState[] = ['refused', 'not-mirrored', 'unverified'];
const WHOLE = 'oc get clusterversion version -o yaml | signet explain -';
const NAMELESS: Fix = { say: 'the text does not name the release: hand in the object, which does', command: WHOLE };
const CUT_OFF: Fix = {
  say: 'the text ends before it says why: hand in the object, which has all of it',
  command: WHOLE,
};

/** Fixes for a release, the most likely first; none for a release that the cluster accepted. */
export function toReleaseFixes(facts: ReleaseFacts, context: FixContext): readonly Fix[] {
  const { states } = facts;
  if (!states.some((state) => ASKS_FOR_A_FIX.includes(state))) {
    return states.length > 0 || facts.asked.length === 0
      ? []
      : [...toSignatureFixes(facts, context), ...(facts.digest === undefined ? [NAMELESS] : [])];
  }
  return [
    ...toPullspecFixes(facts, context),
    ...(states.some((state) => LACKS_SIGNATURE.includes(state)) ? toSignatureFixes(facts, context) : []),
    ...(states.includes('refused') || states.includes('unverified') ? toStoreFixes(facts) : []),
    ...(states.includes('forced') ? [toForcedFix(facts)] : []),
    ...(states.includes('not-downloaded') ? [toDownloadFix(facts, context.trust)] : []),
    ...toToolFixes(facts.faults),
    ...(states.includes('unverified') ? [toUnverifiedFix(facts)] : []),
    ...toVerdictFixes(facts),
    ...toIncompleteFixes(facts),
  ];
}

function toPullspecFixes({ digest, image, faults }: ReleaseFacts, { search, trust }: FixContext): readonly Fix[] {
  const fixes: Fix[] = [];
  if (faults.some(({ fault }) => fault === 'not-by-digest')) {
    const command = image === undefined ? undefined : `oc adm release info ${toShellWord(image)}`;
    fixes.push({ say: 'name the release by digest: a tag cannot be verified. To see its digest, run', command });
  }
  if (faults.some(({ fault }) => fault === 'digest-invalid')) {
    fixes.push({ say: 'write the digest as sha256: followed by 64 lower-case hex digits' });
  }
  if (faults.some(({ fault }) => fault === 'no-trust')) {
    fixes.push({
      say: 'the verifier has no usable trust. Hive reads the ConfigMap named by spec.releaseImageVerificationConfigMapRef of its HiveConfig; a cluster reads the one in its release',
      command: 'signet render trust --trust DIR',
    });
  }
  // A signature of the profile's release shows, as a mirror set does, that the image is a copy of it.
  const isCopy = search?.release !== undefined;
  const judgement = trust === undefined || image === undefined ? undefined : judgePullspec(image, trust, isCopy);
  for (const { code, message, remedy } of judgement?.reasons ?? []) {
    // A tool names the image by tag and its digest beside it.
    if (code === 'DigestMissing' && digest !== undefined) continue;
    fixes.push({ say: remedy === undefined ? message : `${message}: ${remedy}` });
  }
  return fixes;
}

function judgePullspec(
  image: string,
  trust: PreparedTrust,
  isCopy: boolean,
): ReturnType<typeof evaluatePullspec> | undefined {
  try {
    return evaluatePullspec(parsePullspec(image), { ...trust, mode: 'enforce', isCopy });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function toSignatureFixes(
  { digest, keyrings, hosted }: ReleaseFacts,
  { search, trust, command }: FixContext,
): readonly Fix[] {
  if (digest === undefined) return [];
  if (search === undefined || trust === undefined) {
    return [
      {
        say: 'signatures were not searched: run this with the trust of the profile, and with the mirror if there is one',
        command: `${command} --trust DIR --mirror DIR`,
      },
    ];
  }
  const foreign = keyrings.filter((name) => trust.keyrings.every((known) => known.name !== name));
  const notes: readonly Fix[] =
    foreign.length === 0
      ? []
      : [{ say: `the cluster requires ${foreign.join(', ')}, which the profile ${trust.profile} does not have` }];
  // Signatures of another publisher do not satisfy the keyring that the cluster requires.
  if (foreign.length > 0 && foreign.length === keyrings.length) return notes;
  if (search.release !== undefined) return [...notes, toConfigMapFix(search.release, command, hosted)];
  const reasons = new Map(
    search.places.flatMap((place) =>
      place.reasons.map(({ message, remedy }) => [message, remedy === undefined ? message : `${message}: ${remedy}`]),
    ),
  );
  return [...notes, ...[...reasons.values()].map((say): Fix => ({ say }))];
}

function toConfigMapFix(release: SignedRelease, command: string, hosted?: string): Fix {
  const [configMap] = toSignatureConfigMaps([release]);
  if (configMap === undefined) return { say: 'clusters can read none of its signatures' };
  const manifestOnly = `${command} -o yaml`;
  return {
    say:
      hosted === undefined
        ? 'apply the signature as a ConfigMap: the cluster reads ConfigMaps before stores, and retries by itself'
        : `apply the signature as a ConfigMap in the hosted cluster ${hosted}, with its own kubeconfig: in the management cluster it helps nobody`,
    command: `${manifestOnly} | oc ${hosted === undefined ? '' : '--kubeconfig HOSTED-CLUSTER.kubeconfig '}apply -f -`,
    manifest: nameByDigest(release, configMap),
  };
}

/** Named by digest: the name of a minor version would replace a ConfigMap with other releases. */
function nameByDigest({ digest }: SignedRelease, configMap: SignatureConfigMapDocument): SignatureConfigMapDocument {
  return { ...configMap, metadata: { ...configMap.metadata, name: toKeySegment(digest) } };
}

function toForcedFix({ image }: ReleaseFacts): Fix {
  return {
    say: 'the update was forced and continued unverified: a signature applied now does not change the history. To verify what was accepted, run',
    command: image === undefined ? undefined : `signet verify ${toShellWord(image)} --trust DIR`,
  };
}

function toUnverifiedFix({ image, digest }: ReleaseFacts): Fix {
  return {
    say: 'the tool went on although it could not verify the release. To verify it by your own trust, run',
    command: `signet verify ${toShellWord(image ?? digest ?? 'IMAGE')} --trust DIR`,
  };
}

/** The text names no release, or ends before it says why: the object has both. */
function toIncompleteFixes({ digest, image, states, faults, hosted }: ReleaseFacts): readonly Fix[] {
  const isNameless =
    digest === undefined &&
    image === undefined &&
    states.includes('refused') &&
    faults.every(({ fault }) => fault === 'unsigned');
  if (!isNameless && !states.includes('not-retrieved')) return [];
  const kubeconfig = hosted === undefined ? '' : ' --kubeconfig HOSTED-CLUSTER.kubeconfig';
  const { say } = isNameless ? NAMELESS : CUT_OFF;
  return [{ say, command: `oc${kubeconfig} get clusterversion version -o yaml | signet explain -` }];
}
