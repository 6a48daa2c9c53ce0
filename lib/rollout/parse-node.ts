import { z } from 'zod';
import type { KnownNode } from './pool-state.ts';
import type { SourceObject } from './read-objects.ts';
import { readShape } from './read-shape.ts';

const PREFIX = 'machineconfiguration.openshift.io';
const schema = z.looseObject({
  metadata: z.looseObject({ name: z.string().min(1), annotations: z.record(z.string(), z.string()).nullish() }),
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
