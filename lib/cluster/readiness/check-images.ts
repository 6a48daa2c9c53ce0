import type { Repository } from '../../base/names/reference.ts';
import type { CheckedImage } from '../../mirror/check/check-image.ts';
import type { MirrorCheck } from '../../mirror/check/check-mirror.ts';
import { type Evidence, toOutcome } from '../../mirror/check/evidence.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome, Reason } from '../../verdict/judge/verdict.ts';
import { toShellWord } from '../explain/explanation.ts';
import { type SiteCheck, type SiteFinding, siteFinding } from './readiness.ts';

/** How the commands of a finding name what this run named. */
export interface CommandWords {
  readonly trust: string;
  /** Where the release is mirrored; undefined where no mirror is known. */
  readonly mirror: Repository | undefined;
  readonly componentMirror: Repository | undefined;
}

const ANSWERS = { accepted: 'yes', rejected: 'no', indeterminate: 'unknown' } as const;
const UNASKED = {
  openpgp: 'the profile has no keyring, so that no OpenPGP signature was looked for',
  sigstore: 'no image policy of the profile covers it, so that no Sigstore signature was looked for',
} as const;

/** The OpenPGP signature of each release: the operator verifies the digest that it was told to update to. */
export function checkOpenpgp({ images }: MirrorCheck, words: CommandWords): SiteFinding {
  const releases = images.filter(({ kind, list }) => kind === 'release' && list === undefined);
  const open = releases.filter(({ openpgp }) => openpgp.state !== 'valid');
  const details = open.flatMap((image) => explainEvidence(image, image.openpgp, 'openpgp'));
  const answer = toAnswer(releases.map(({ openpgp }) => judge(openpgp)));
  if (answer === 'yes')
    return siteFinding('openpgp', answer, `signed for every keyring: ${countOf(releases, 'release')}`);
  const message = `${open.length} of ${countOf(releases, 'release')} without an OpenPGP signature that the operator reads`;
  const digests = open.map(({ digest }) => ` --digest ${digest}`).join('');
  const trust = toShellWord(words.trust);
  const commands = [
    `signet mirror sync --trust ${trust} --to signatures${digests}`,
    `signet render configmaps --trust ${trust} --from signatures | oc apply -f -`,
  ];
  return siteFinding('openpgp', answer, message, {
    details,
    commands: isUnasked(open, 'openpgp') ? ADD_KEYRING : commands,
  });
}

const ADD_KEYRING = ['signet trust add redhat'];
const ADD_POLICY = [
  'oc adm release extract --to manifests RELEASE',
  'cp manifests/*cluster-image-policy*.yaml TRUST/PROFILE/',
];

/** The release images with the Sigstore signatures that nodes read. */
export function checkReleases(check: MirrorCheck, words: CommandWords): SiteFinding {
  const images = check.images.filter(({ kind }) => kind === 'release');
  return checkSigstore('sigstore', 'release image', images, check.images, words);
}

/** The images that the release is made of. */
export function checkComponents(check: MirrorCheck, words: CommandWords): SiteFinding {
  const images = check.images.filter(({ kind }) => kind === 'component');
  const { unlisted } = check;
  if (unlisted.length === 0 && images.length > 0)
    return checkSigstore('components', 'component', images, check.images, words);
  const details =
    unlisted.length === 0
      ? ['the release itself could not be read']
      : unlisted.map(({ digest, message }) => `components of ${digest}: ${message}`);
  const found = images.length === 0 ? undefined : checkSigstore('components', 'component', images, check.images, words);
  const answer = found?.answer === 'no' ? 'no' : 'unknown';
  return siteFinding('components', answer, 'the components of a release could not be listed', {
    details: [...details, ...(found?.details ?? [])],
    commands: found?.commands ?? [],
  });
}

function checkSigstore(
  check: SiteCheck,
  what: string,
  images: readonly CheckedImage[],
  releases: readonly CheckedImage[],
  { trust, mirror, componentMirror }: CommandWords,
): SiteFinding {
  const answer = toAnswer(images.map(({ manifest, sigstore }) => allOf([toOutcome(manifest.state), judge(sigstore)])));
  if (answer === 'yes') {
    return siteFinding(check, answer, `${countOf(images, what)}: there, signed, and nodes read the signatures`);
  }
  const open = images.filter(({ manifest, sigstore }) => manifest.state !== 'present' || sigstore.state !== 'valid');
  const details = open.flatMap((image) => [
    ...image.manifest.reasons.map(({ message }) => `${nameImage(image)}: ${message}`),
    ...explainEvidence(image, image.sigstore, 'sigstore'),
  ]);
  const place = mirror ?? 'MIRROR/REPOSITORY';
  const asked = releases.filter(({ kind, list }) => kind === 'release' && list === undefined);
  const [source = ''] = asked.map(({ repository }) => repository);
  const digests = asked.map(({ digest }) => digest);
  const isHeld = open.every(({ manifest }) => manifest.state === 'present');
  const copies = digests.map(
    (digest) => `oc adm release mirror --from=${source}@${digest} --to=${place} --to-release-image=${place}:TAG`,
  );
  const components = check === 'components' ? ` --components ${componentMirror ?? place}` : '';
  const named = digests.map((digest) => ` --digest ${digest}`).join('');
  const sign = `signet mirror sigstore --trust ${toShellWord(trust)} --from ${source} --to ${place}${components}${named}`;
  const message = `${open.length} of ${countOf(images, what)} missing, or without a signature that nodes read`;
  const commands = isUnasked(open, 'sigstore') ? ADD_POLICY : [...(isHeld ? [] : copies), sign];
  return siteFinding(check, answer, message, { details, commands });
}

/** Evidence that nothing asked for leaves open whether the nodes of the version will find it. */
function judge(evidence: Evidence): Outcome {
  return evidence.state === 'unasked' ? 'indeterminate' : toOutcome(evidence.state);
}

function toAnswer(outcomes: readonly Outcome[]): SiteFinding['answer'] {
  return ANSWERS[allOf(outcomes)];
}

function isUnasked(open: readonly CheckedImage[], kind: 'openpgp' | 'sigstore'): boolean {
  return (
    open.length > 0 && open.every((image) => image[kind].state === 'unasked' && image.manifest.state === 'present')
  );
}

function explainEvidence(
  image: CheckedImage,
  { state, reasons }: Evidence,
  kind: 'openpgp' | 'sigstore',
): readonly string[] {
  if (state === 'valid') return [];
  if (state === 'unasked') return [`${nameImage(image)}: ${UNASKED[kind]}`];
  return reasons.length === 0
    ? [`${nameImage(image)}: ${state}`]
    : reasons.map((reason) => `${nameImage(image)}: ${toText(reason)}`);
}

function toText({ code, message, remedy }: Reason): string {
  return remedy === undefined ? `${code}: ${message}` : `${code}: ${message}; ${remedy}`;
}

export function nameImage({ names, digest }: Pick<CheckedImage, 'names' | 'digest'>): string {
  return names.length === 0 ? digest : `${names.join(', ')} ${digest}`;
}

function countOf({ length }: readonly unknown[], one: string): string {
  return `${length} ${length === 1 ? one : `${one}s`}`;
}
