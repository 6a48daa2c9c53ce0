import * as v from 'valibot';
import type { JsonObject } from '../../base/documents/json-value.ts';
import { recordOf } from '../../base/documents/schema.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type ApiAnswer, type ClusterApi, describeFailure } from '../api/cluster-api.ts';
import { RELEASE_NAMESPACE, type SignatureConfigMapDocument } from '../render/signature-config-maps.ts';

/** By this name an API server knows what a sync owns: nobody else should apply under it. */
export const FIELD_MANAGER = 'signet-cluster-sync';

/** A slot as the API server has it. */
export interface StoredSlot {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
  /** Names of all who own a part of it. */
  readonly managers: readonly string[];
}

/** What came of an apply: the slot afterwards, or who owns what it would change. */
export type Applied =
  | { readonly kind: 'stored'; readonly slot: StoredSlot }
  | { readonly kind: 'conflict'; readonly message: string };

/** The slots of one cluster. */
export interface SlotObjects {
  /** Undefined where there is none. */
  read(name: string): Promise<StoredSlot | undefined>;
  /** By server-side apply: what the sync applied before and does not now is removed, what others own stays. */
  apply(document: AppliedSlot): Promise<Applied>;
  /** Removes it as it was read. False when it has changed since. */
  remove(name: string, slot: StoredSlot): Promise<boolean>;
}

/** A whole slot; or its name alone, by which the sync gives up what it owns of it. */
export type AppliedSlot = SignatureConfigMapDocument | ReturnType<typeof toReleasedSlot>;

interface SlotOptions {
  readonly signal: AbortSignal;
  /** The API server does all but store it. */
  readonly isDryRun: boolean;
  /** Takes over what others own. */
  readonly isForced: boolean;
}

const records = v.nullish(recordOf(v.string(), v.string()));
const configMap = v.looseObject({
  kind: v.literal('ConfigMap'),
  metadata: v.looseObject({
    uid: v.optional(v.string(), ''),
    resourceVersion: v.optional(v.string(), ''),
    labels: records,
    managedFields: v.optional(v.array(v.looseObject({ manager: v.optional(v.string(), '') })), []),
  }),
  binaryData: records,
});

const TYPE = 'application/apply-patch+yaml';

/** @throws as {@link ClusterApi.ask}; StoreError also for an answer that is no ConfigMap */
export function openSlotObjects(api: ClusterApi, { signal, isDryRun, isForced }: SlotOptions): SlotObjects {
  const dryRun = isDryRun ? 'dryRun=All' : '';
  return {
    async read(name) {
      const answer = await api.ask({ method: 'GET', path: toPath(name, []) }, signal);
      return answer.status === 404 ? undefined : toSlot(name, answer);
    },
    async apply(document) {
      const { name } = document.metadata;
      // A field that the API server does not know is refused and not left out.
      const query = [`fieldManager=${FIELD_MANAGER}`, `force=${isForced}`, 'fieldValidation=Strict', dryRun];
      const content = { type: TYPE, value: document };
      const answer = await api.ask({ method: 'PATCH', path: toPath(name, query), content }, signal);
      if (answer.status === 409) return { kind: 'conflict', message: describeConflict(answer.body) };
      return { kind: 'stored', slot: toSlot(name, answer) };
    },
    async remove(name, { uid, resourceVersion }) {
      const value = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
      const content = { type: 'application/json', value };
      const answer = await api.ask({ method: 'DELETE', path: toPath(name, [dryRun]), content }, signal);
      if (answer.status === 409) return false;
      if (answer.status !== 200 && answer.status !== 202 && answer.status !== 404) throw unexpected(name, answer);
      return true;
    },
  };
}

/** What is applied to keep nothing of a slot that others own too. */
export function toReleasedSlot(name: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: RELEASE_NAMESPACE } } as const;
}

function toPath(name: string, query: readonly string[]): string {
  const given = query.filter((part) => part !== '');
  const asked = given.length === 0 ? '' : `?${given.join('&')}`;
  return `/api/v1/namespaces/${RELEASE_NAMESPACE}/configmaps/${name}${asked}`;
}

function toSlot(name: string, answer: ApiAnswer): StoredSlot {
  if (answer.status !== 200 && answer.status !== 201) throw unexpected(name, answer);
  const read = v.safeParse(configMap, answer.body);
  if (!read.success) throw new StoreError('BodyInvalid', `ConfigMap ${name}: the API server answered no ConfigMap`);
  const { metadata, binaryData } = read.output;
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels ?? {},
    binaryData: binaryData ?? {},
    managers: [...new Set(metadata.managedFields.map(({ manager }) => manager))],
  };
}

function unexpected(name: string, { status, body }: ApiAnswer): StoreError {
  return new StoreError('StatusUnexpected', `ConfigMap ${name}: ${describeFailure(status, body)}`);
}

/** `conflict with "x" using v1: .binaryData.…`, as the API server says it of each field. */
function describeConflict(body: JsonObject): string {
  const { message } = body;
  return typeof message === 'string' ? message.slice(0, MAX_CONFLICT).toWellFormed() : 'the API server says no more';
}

/** Characters of what is said of a conflict. */
const MAX_CONFLICT = 1000;
