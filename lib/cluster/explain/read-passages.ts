import * as v from 'valibot';
import { readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { readDescribedObjects } from './described-objects.ts';
import { readLogRecords } from './log-records.ts';
import type { PassageContext, Statement } from './patterns/statement.ts';

/** A message to read by itself, or what a field of an object says in place of one. */
export interface Passage {
  readonly text: string;
  readonly context: PassageContext;
  /** What the object says where no words of the message are known. */
  readonly otherwise: readonly Statement[];
  /** What records of Signet in it say. */
  readonly said?: readonly Statement[];
}

/** The messages of Kubernetes objects, or the plain text. */
export type Passages =
  | { readonly kind: 'text'; readonly passages: readonly [Passage] }
  /** `described`: as `oc describe` writes them, maybe with other lines around. */
  | { readonly kind: 'messages' | 'described'; readonly passages: readonly Passage[] };

/** Fields of Kubernetes objects that hold messages of controllers and nodes. */
const MESSAGES: readonly string[] = ['message', 'note', 'acceptedRisks'];
const MANIFEST = /^(?:[{[]|(?:apiVersion|kind|items):)/m;
const MAX_DEPTH = 32;

/** Collects the messages in YAML or JSON of `oc get`. What does not parse as objects is plain text. */
export function readPassages(untrustedText: string): Passages {
  const manifests = MANIFEST.test(untrustedText.trimStart()) ? readManifests(untrustedText) : undefined;
  const objects = manifests ?? readDescribedObjects(untrustedText);
  if (objects === undefined) return readPlainText(untrustedText);
  const found = objects.flatMap((object) => [...listMessages(object, {}, 0)]);
  const unique = new Map(found.map((one) => [JSON.stringify([one.text, one.context, one.otherwise]), one]));
  return { kind: manifests === undefined ? 'described' : 'messages', passages: [...unique.values()] };
}

/** The lines of a text, with what records in them say. */
export function readPlainText(untrustedText: string): Passages {
  const { text, statements } = readLogRecords(untrustedText);
  return { kind: 'text', passages: [{ text, context: {}, otherwise: [], said: statements }] };
}

function readManifests(text: string): readonly unknown[] | undefined {
  try {
    const contents = [...readObjects('input', text)].map(({ content }) => content);
    // A line of a log may name the kind of what it is about.
    const isManifest = contents.every(
      ({ kind, apiVersion, schema, level }) =>
        typeof (kind ?? apiVersion) === 'string' &&
        schema === undefined &&
        (level === undefined || apiVersion !== undefined),
    );
    return isManifest && contents.length > 0 ? contents : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

const Text = v.optional(v.string());
const Release = v.optional(v.object({ image: Text, version: Text }));
const ClusterVersion = v.object({
  kind: v.literal('ClusterVersion'),
  spec: v.optional(v.object({ desiredUpdate: Release })),
  status: v.optional(v.object({ desired: Release })),
});
const HostedCluster = v.object({
  kind: v.picklist(['HostedCluster', 'HostedControlPlane']),
  metadata: v.object({ name: v.string(), namespace: v.optional(v.string(), 'default') }),
  spec: v.optional(v.object({ release: Release })),
});
const Condition = v.object({ type: v.string(), status: v.string(), reason: v.string() });
const Completed = v.object({
  state: v.literal('Completed'),
  verified: v.literal(false),
  acceptedRisks: v.optional(v.literal('')),
  image: v.string(),
  version: v.optional(v.string(), ''),
});

function* listMessages(value: unknown, outer: PassageContext, depth: number): Generator<Passage> {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  const context = toContext(value) ?? outer;
  for (const [member, child] of Object.entries(value)) {
    if (MESSAGES.includes(member) && typeof child === 'string') {
      yield { text: child, context, otherwise: listConditionStatements(value) };
    } else {
      if (member === 'history' && Array.isArray(child)) yield* listUnverified(child);
      yield* listMessages(child, context, depth + 1);
    }
  }
}

/** The release and the cluster that an object is about; undefined for other kinds. */
function toContext(object: object): PassageContext | undefined {
  const version = v.safeParse(ClusterVersion, object);
  if (version.success) {
    const { spec, status } = version.output;
    const desired = status?.desired ?? spec?.desiredUpdate;
    return { image: desired?.image, version: desired?.version };
  }
  const hosted = v.safeParse(HostedCluster, object);
  if (!hosted.success) return undefined;
  const { metadata, spec } = hosted.output;
  return { image: spec?.release?.image, hosted: `${metadata.namespace}/${metadata.name}` };
}

/** A condition says by its reason that a release was refused, whatever its message is. */
function listConditionStatements(object: object): readonly Statement[] {
  const condition = v.safeParse(Condition, object);
  if (!condition.success) return [];
  const { type, status, reason } = condition.output;
  const isRefused = type === 'Failing' && status === 'True' && reason === 'ImageVerificationFailed';
  return isRefused ? [{ kind: 'release', state: 'refused', version: '', image: '' }] : [];
}

/** Updates that were completed unverified. The oldest entry is the installation, which nothing verifies. */
function* listUnverified(history: readonly unknown[]): Generator<Passage> {
  for (const entry of history.slice(0, -1)) {
    const completed = v.safeParse(Completed, entry);
    if (!completed.success) continue;
    const { version, image } = completed.output;
    yield { text: '', context: {}, otherwise: [{ kind: 'release', state: 'forced', version, image }] };
  }
}
