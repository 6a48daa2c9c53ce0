import type { Digest } from '../../base/names/digest.ts';
import type {
  Asked,
  Explanation,
  PullFacts,
  ReleaseFacts,
  ReleaseState,
  Statement,
  VerifierFault,
} from './explanation.ts';
import { findDigests } from './patterns.ts';

interface GrowingRelease {
  readonly digest: Digest | undefined;
  image: string | undefined;
  version: string | undefined;
  readonly states: Set<ReleaseState>;
  readonly keyrings: Set<string>;
  readonly asked: Map<string, Asked>;
  readonly faults: Map<string, { fault: VerifierFault | 'download'; text: string }>;
}

interface GrowingPull {
  image: string | undefined;
  readonly faults: PullFacts['faults'][number][];
}

/** The facts so far, and the release and image that the current statement concerns. */
interface Reading {
  readonly releases: GrowingRelease[];
  readonly pulls: GrowingPull[];
  release: GrowingRelease | undefined;
  pull: GrowingPull | undefined;
}

/** Groups statements by release and by image. The same digest is the same release. */
export function toFacts(passages: readonly (readonly Statement[])[]): Pick<Explanation, 'releases' | 'pulls'> {
  const reading: Reading = { releases: [], pulls: [], release: undefined, pull: undefined };
  for (const statements of passages) {
    for (const statement of [{ kind: 'line' } as const, ...statements]) read(reading, statement);
  }
  return {
    releases: reading.releases.map(toReleaseFacts),
    pulls: reading.pulls.filter(({ faults }) => faults.length > 0).map(toPullFacts),
  };
}

function read(reading: Reading, statement: Statement): void {
  switch (statement.kind) {
    case 'line':
      reading.release = undefined;
      reading.pull = undefined;
      return;
    case 'release': {
      const { image, version, state } = statement;
      const release = enterRelease(reading, findDigests(image)[0], image);
      release.image ??= image;
      if (version !== '') release.version ??= version;
      release.states.add(state);
      return;
    }
    case 'unverified': {
      const release = enterRelease(reading, statement.digest);
      if (!release.states.has('forced')) release.states.add('refused');
      for (const keyring of statement.keyrings) release.keyrings.add(keyring);
      return;
    }
    case 'asked': {
      const { digest, asked } = statement;
      const release = digest === undefined ? currentRelease(reading) : enterRelease(reading, digest);
      release.asked.set(`${JSON.stringify(asked.place)} ${asked.answer} ${asked.text}`, asked);
      return;
    }
    case 'verifier': {
      const release = currentRelease(reading);
      release.states.add(release.states.has('forced') ? 'forced' : 'refused');
      release.faults.set(statement.text, statement);
      return;
    }
    case 'download': {
      const release = currentRelease(reading);
      release.states.delete('refused');
      release.states.add('not-downloaded');
      release.faults.set(statement.text, { fault: 'download', text: statement.text });
      return;
    }
    case 'image':
      nameImage(reading, statement.image);
      return;
    case 'pull':
      enterPull(reading, statement.image);
      return;
    case 'pull-fault':
      addPullFault(reading, statement);
      return;
    case 'known':
      return;
    default:
      throw new TypeError(`unknown statement ${JSON.stringify(statement satisfies never)}`);
  }
}

function currentRelease(reading: Reading): GrowingRelease {
  return reading.release ?? enterRelease(reading, undefined);
}

/** Finds the release by digest, or by image if it has none; without either it is a new one each time. */
function enterRelease(reading: Reading, digest: Digest | undefined, image?: string): GrowingRelease {
  const known = reading.releases.find((one) =>
    digest === undefined
      ? one.digest === undefined && image !== undefined && one.image === image
      : one.digest === digest,
  );
  reading.release = known ?? {
    digest,
    image,
    version: undefined,
    states: new Set(),
    keyrings: new Set(),
    asked: new Map(),
    faults: new Map(),
  };
  if (known === undefined) reading.releases.push(reading.release);
  return reading.release;
}

/** The image field of a log line names the current release or pull, if it has no image yet. */
function nameImage({ release, pull }: Reading, image: string): void {
  if (pull !== undefined) pull.image ??= image;
  else if (release?.digest === findDigests(image)[0] && release !== undefined) release.image ??= image;
}

function enterPull(reading: Reading, image: string | undefined): GrowingPull {
  const known = image === undefined ? undefined : reading.pulls.find((one) => one.image === image);
  reading.pull = known ?? { image, faults: [] };
  if (known === undefined) reading.pulls.push(reading.pull);
  return reading.pull;
}

function addPullFault(reading: Reading, statement: Extract<Statement, { readonly kind: 'pull-fault' }>): void {
  const { fault, text, identity } = statement;
  const image = fault === 'rejected-by-policy' ? identity : undefined;
  const { faults } = reading.pull ?? enterPull(reading, image);
  if (faults.some((one) => one.text === text)) return;
  faults.push(fault === 'identity' ? { fault, text, identity } : { fault, text });
}

function toReleaseFacts({ digest, image, version, states, keyrings, asked, faults }: GrowingRelease): ReleaseFacts {
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(image === undefined ? {} : { image }),
    ...(version === undefined ? {} : { version }),
    states: [...states],
    keyrings: [...keyrings],
    asked: [...asked.values()],
    faults: [...faults.values()].map(({ fault, text }) => ({ fault, text })),
  };
}

function toPullFacts({ image, faults }: GrowingPull): PullFacts {
  const [digest] = findDigests(image ?? '');
  return {
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    faults,
  };
}
