import * as v from 'valibot';
import type { SourceObject } from '../../base/documents/read-objects.ts';
import { readShape } from '../../base/documents/read-objects.ts';
import { recordOf } from '../../base/documents/schema.ts';
import type { KnownNode } from './pool-state.ts';

const PREFIX = 'machineconfiguration.openshift.io';
const schema = v.looseObject({
  metadata: v.looseObject({
    name: v.pipe(v.string(), v.minLength(1)),
    annotations: v.nullish(recordOf(v.string(), v.string())),
  }),
});

/** Reads what the machine-config daemon wrote on a Node. @throws InputError `FileUnreadable` */
export function parseNode(source: SourceObject): KnownNode {
  const { metadata } = readShape(schema, source);
  const annotations = metadata.annotations ?? {};
  return {
    name: metadata.name,
    origin: `${source.file}:${source.line}`,
    currentConfig: annotations[`${PREFIX}/currentConfig`],
    desiredConfig: annotations[`${PREFIX}/desiredConfig`],
    state: annotations[`${PREFIX}/state`],
  };
}
