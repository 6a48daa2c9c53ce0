import { readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';

/** Messages out of Kubernetes objects, or the text as it is. */
export type Passages =
  | { readonly kind: 'text'; readonly texts: readonly [string] }
  | { readonly kind: 'messages'; readonly texts: readonly string[] };

/** Members of Kubernetes objects that hold what a controller or node says. */
const MESSAGES: readonly string[] = ['message', 'note', 'acceptedRisks'];
const MANIFEST = /^\s*[{[]|^(?:apiVersion|kind|items):/m;
const MAX_DEPTH = 32;

/**
 * Takes the messages out of YAML or JSON of `oc get`. What does not parse as objects is a text, and may be anything.
 */
export function readPassages(untrustedText: string): Passages {
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
