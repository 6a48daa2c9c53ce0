import { readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Explanation, Statement } from './explanation.ts';
import { findDigests } from './patterns.ts';
import { type ScannedText, scanText } from './scan-text.ts';
import { toFacts } from './to-facts.ts';

/** Bytes of a text to explain: a Kubernetes object is smaller. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * Reads what a condition, event or log line says about the verification of a release or image: the digest, the keyrings,
 * the places that were searched and their answers. Nothing is inferred that the text does not say.
 *
 * @param untrustedText plain text, or YAML or JSON of Kubernetes objects, whose messages are read
 */
export function explainText(untrustedText: string): Explanation {
  const { kind, texts } = readPassages(untrustedText);
  const scanned = texts.map(scanText);
  const isRead = ({ statements }: ScannedText): boolean => kind === 'text' || statements.length > 0;
  const read = scanned.filter(isRead);
  // Each message is read alone: the next one in the file may concern another release.
  const facts = toFacts(read.map(({ statements }): readonly Statement[] => statements));
  const notUnderstood = [...new Set(read.flatMap((one) => one.notUnderstood))];
  return {
    ...facts,
    mentioned: listMentioned(notUnderstood, facts),
    notUnderstood,
    otherMessages: scanned.length - read.length,
  };
}

function listMentioned(
  texts: readonly string[],
  { releases, pulls }: Pick<Explanation, 'releases' | 'pulls'>,
): readonly Digest[] {
  const known = new Set([...releases, ...pulls].map(({ digest }) => digest));
  return [...new Set(texts.flatMap(findDigests))].filter((digest) => !known.has(digest));
}

/** The messages of Kubernetes objects, or the plain text. */
type Passages =
  | { readonly kind: 'text'; readonly texts: readonly [string] }
  | { readonly kind: 'messages'; readonly texts: readonly string[] };

/** Fields of Kubernetes objects that hold messages of controllers and nodes. */
const MESSAGES: readonly string[] = ['message', 'note', 'acceptedRisks'];
const MANIFEST = /^\s*[{[]|^(?:apiVersion|kind|items):/m;
const MAX_DEPTH = 32;

/** Collects the messages in YAML or JSON of `oc get`. What does not parse as objects is plain text. */
function readPassages(untrustedText: string): Passages {
  const objects = MANIFEST.test(untrustedText) ? readManifests(untrustedText) : undefined;
  if (objects === undefined) return { kind: 'text', texts: [untrustedText] };
  return { kind: 'messages', texts: [...new Set(objects.flatMap((object) => [...listMessages(object, 0)]))] };
}

function readManifests(text: string): readonly unknown[] | undefined {
  try {
    const contents = [...readObjects('input', text)].map(({ content }) => content);
    const isManifest = contents.every(({ kind, apiVersion }) => typeof (kind ?? apiVersion) === 'string');
    return isManifest && contents.length > 0 ? contents : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function* listMessages(value: unknown, depth: number): Generator<string> {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  for (const [member, child] of Object.entries(value)) {
    if (MESSAGES.includes(member) && typeof child === 'string') yield child;
    else yield* listMessages(child, depth + 1);
  }
}
