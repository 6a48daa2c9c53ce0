import { isJsonObject } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { Listed } from './listed-images.ts';

const MAX_DEPTH = 32;
/** Variables by which an operator is told which images to run. */
const IMAGE_VARIABLE = /^(?:RELATED_IMAGE|OPERAND_IMAGE)(?:_|$)|_IMAGE$/;
const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers'];

/** The images of every pod template in an object, wherever it stands. @throws InputError for one nested too deep */
export function* listPodImages(value: unknown, depth = 0): Generator<Listed> {
  if (typeof value !== 'object' || value === null) return;
  // What is not looked at must not look like what names no image.
  if (depth > MAX_DEPTH) throw new InputError('FileUnreadable', `nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) {
    for (const item of value) yield* listPodImages(item, depth + 1);
    return;
  }
  const pod: Readonly<Record<string, unknown>> = { ...value };
  if (CONTAINERS.some((member) => Array.isArray(pod[member]))) {
    for (const member of CONTAINERS) yield* listContainerImages(pod[member]);
    yield* listVolumeImages(pod['volumes']);
  }
  // Also below a pod: an API server drops a member that its object does not have, and runs the pod below it.
  for (const child of Object.values(pod)) yield* listPodImages(child, depth + 1);
}

function* listContainerImages(containers: unknown): Generator<Listed> {
  if (!Array.isArray(containers)) return;
  for (const container of containers) {
    if (!isJsonObject(container)) continue;
    const { image, env, envFrom } = container;
    // What is no text is named as it is, and is a fault.
    if (image !== undefined && image !== null) yield { kind: 'named', text: toText(image) };
    for (const one of Array.isArray(env) ? env : []) yield* listVariable(one);
    for (const one of Array.isArray(envFrom) ? envFrom : []) yield* listPrefixed(one);
  }
}

/** A value that another object holds is not known here, and said to be missing. */
function* listVariable(variable: unknown): Generator<Listed> {
  if (!isJsonObject(variable)) return;
  const { name, value, valueFrom } = variable;
  if (typeof name !== 'string' || !IMAGE_VARIABLE.test(name)) return;
  if (valueFrom !== undefined && valueFrom !== null) {
    yield toElsewhere(name, valueFrom);
    return;
  }
  if (value === undefined || value === null || value === '') return;
  if (typeof value === 'string') yield { kind: 'named', text: value };
  else yield { kind: 'none', why: `${name}: expected a string` };
}

/** All that an object holds, under names that tell of images; names without a prefix stand in that object alone. */
function* listPrefixed(source: unknown): Generator<Listed> {
  if (!isJsonObject(source)) return;
  const { prefix, ...from } = source;
  if (typeof prefix === 'string' && IMAGE_VARIABLE.test(prefix)) yield toElsewhere(`${prefix}…`, from);
}

function toElsewhere(name: string, source: unknown): Listed {
  const [[kind, place] = ['', undefined]] = isJsonObject(source) ? Object.entries(source) : [];
  const where = place === undefined ? '' : `: ${kind} ${JSON.stringify(place)}`;
  return { kind: 'none', why: `${name}: its image is not read, because it is elsewhere${where}` };
}

/** A volume may be an image, which the node pulls. */
function* listVolumeImages(volumes: unknown): Generator<Listed> {
  for (const volume of Array.isArray(volumes) ? volumes : []) {
    const image = isJsonObject(volume) ? volume['image'] : undefined;
    const reference = isJsonObject(image) ? image['reference'] : undefined;
    if (reference !== undefined && reference !== null) yield { kind: 'named', text: toText(reference) };
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
