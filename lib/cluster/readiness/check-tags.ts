import type { Digest } from '../../base/names/digest.ts';
import { parseReference, type Repository } from '../../base/names/reference.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { collectEvidence } from '../../verdict/decide/collect-evidence.ts';
import { asOwn, findPolicies } from '../../verdict/decide/policies-at-name.ts';
import { isSigned } from '../../verdict/judge/requirement.ts';
import { type SiteFinding, siteFinding, type VersionDemands } from './readiness.ts';

/** What the signatures beside a release say that it is called: anybody may put one there. It is shown, and decides nothing. */
export interface ClaimedNames {
  readonly names: readonly string[];
  readonly failed: readonly string[];
}

/** Of what is claimed: the names by which nodes accept the release, and what was left open. */
interface ProvenNames {
  readonly names: readonly string[];
  readonly failed: readonly string[];
}

export interface TagQuestion {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly claimed: ClaimedNames;
  /** With what nodes read alone. */
  readonly nodeAttachments: SignatureStore;
  /** Where the signatures are; `repository` when left out. */
  readonly place?: Repository | undefined;
  readonly prepared: PreparedTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Tags of one release that are verified: each costs reading its signatures once more. */
export const MAX_TAGS = 8;

/**
 * Verifies the tags that signatures claim, as nodes that pull by such a tag do: every policy of the repository has to be
 * met by a signature for exactly that name. @throws the abort reason of the signal
 */
export async function proveTags(question: TagQuestion): Promise<ProvenNames> {
  const { repository, digest, claimed, nodeAttachments, place = repository, prepared, now, signal } = question;
  const tags = [...new Set(claimed.names.filter((name) => isTagOf(name, repository)))];
  const { own } = findPolicies(asOwn(prepared, repository), repository, digest);
  const required = own.documents.flatMap(({ requirements }) => requirements.filter(isSigned));
  const names: string[] = [];
  const failed = [...claimed.failed];
  if (tags.length > MAX_TAGS) failed.push(`more than ${MAX_TAGS} tags are claimed; no further one was verified`);
  for (const name of tags.slice(0, MAX_TAGS)) {
    const image = {
      reference: { name: repository, tag: name.slice(repository.length + 1), digest: undefined },
      digest,
    };
    const read = () => nodeAttachments.fetchSignatures({ digest, repository: place, kinds: ['sigstore'] }, signal);
    const { satisfied, storeFailed, storeAttempts } = await collectEvidence(required, image, read, now, { signal });
    if (required.length > 0 && satisfied.size === required.length) names.push(name);
    else if (storeFailed) failed.push(...storeAttempts.map(({ location, message }) => `${location}: ${message}`));
  }
  return { names, failed };
}

function isTagOf(name: string, repository: Repository): boolean {
  return name.startsWith(`${repository}:`) && parseTag(name) !== undefined;
}

/** Undefined for a name that no reader takes, and for one with a digest. */
function parseTag(name: string): string | undefined {
  try {
    const { tag, digest } = parseReference(name);
    return digest === undefined ? tag : undefined;
  } catch {
    return undefined;
  }
}

interface CheckedTags {
  readonly claimed: ClaimedNames;
  /** Undefined where nothing pulls by tag. */
  readonly proven: ProvenNames | undefined;
}

/** Whether a release may be pulled by its tag as well, where something pulls it so. */
export function checkTags(releases: readonly CheckedTags[], { minor }: VersionDemands): SiteFinding {
  const check = 'tags';
  const details = [...new Set(releases.flatMap(({ claimed }) => claimed.names))].map(
    (name) => `a signature names ${name}`,
  );
  const isPulledByTag = releases.some(({ proven }) => proven !== undefined);
  if (!isPulledByTag) {
    return siteFinding(check, 'yes', `nodes of ${minor} pull the release by digest alone`, { details });
  }
  const untagged = releases.filter(({ proven }) => (proven?.names ?? []).length === 0);
  if (untagged.length === 0) return siteFinding(check, 'yes', 'signed by tag as well as by digest', { details });
  const failed = untagged.flatMap(({ proven }) => proven?.failed ?? []);
  if (failed.length > 0)
    return siteFinding(check, 'unknown', 'not every signature could be read', { details: [...details, ...failed] });
  const message =
    'a mirror set leads pulls by tag to the mirror, and no signature that verifies names a tag: nodes refuse such pulls';
  return siteFinding(check, 'no', message, { details });
}
