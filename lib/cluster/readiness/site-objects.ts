import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../base/documents/json-value.ts';
import {
  decodeText,
  describeObject,
  objectError,
  readObjects,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { withoutServerState } from '../../base/documents/server-metadata.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { ClusterFile } from '../fleet/parse-cluster-objects.ts';
import { readMember } from '../objects/read-side-doors.ts';

interface SiteObjects {
  /** Each object once. */
  readonly sources: readonly SourceObject[];
  /** Of which object two copies differ. */
  readonly repeated: readonly string[];
  /** Why a file yields no object. */
  readonly unreadable: readonly string[];
}

/** The objects in the exports of one cluster. */
export function readSiteObjects(files: readonly ClusterFile[]): SiteObjects {
  const [repeated, unreadable]: [string[], string[]] = [[], []];
  const sources = files.flatMap((file) => readFile(file, unreadable));
  return { sources: takeOnce(sources, repeated), repeated, unreadable };
}

function readFile({ name, contents }: ClusterFile, unreadable: string[]): readonly SourceObject[] {
  if (contents === 'not read') return [];
  try {
    if (contents instanceof InputError) throw contents;
    const sources = [...readObjects(name, decodeText(name, contents))];
    for (const source of sources) {
      const { kind, items } = source.content;
      if (typeof kind !== 'string') throw objectError(source, 'an object without a kind', CUT);
      // A list is taken apart, and its kind comes last.
      if (Array.isArray(items)) throw objectError(source, `items in a ${kind}, which is no list`, CUT);
    }
    return sources;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    unreadable.push(error.message);
    return [];
  }
}

const CUT = 'the file may have been cut';

/** An answer about a half of what was exported would be one about another site. @throws InputError `BodyInvalid` */
export function requireWhole({ unreadable }: Pick<SiteObjects, 'unreadable'>): void {
  const [first] = unreadable;
  if (first === undefined) return;
  const more = unreadable.length === 1 ? '' : `; and ${unreadable.length - 1} more that cannot be read`;
  throw new InputError('BodyInvalid', `${first}${more}; export it again`);
}

/** An object that is there twice counts once, unless its copies differ: then either could be the cluster's. */
function takeOnce(sources: readonly SourceObject[], repeated: string[]): readonly SourceObject[] {
  const seen = new Map<string, JsonObject>();
  return sources.filter((source) => {
    const { content, file } = source;
    const namespace = readMember(content, 'metadata.namespace');
    const key = JSON.stringify([content['apiVersion'], namespace, describeObject(source)]);
    const earlier = seen.get(key);
    const written = withoutServerState(content);
    if (earlier === undefined) seen.set(key, written);
    else if (!isDeepStrictEqual(earlier, written) && READ_KINDS.some((kind) => kind === content['kind'])) {
      repeated.push(`${file}: ${describeObject(source)} occurs twice with different content`);
    }
    return earlier === undefined;
  });
}

/** Kinds of which each object counts. Those that the survey reads are compared there. */
const READ_KINDS = ['ConfigMap', 'ClusterImagePolicy', 'InternalReleaseImage', 'MachineConfigPool'];
