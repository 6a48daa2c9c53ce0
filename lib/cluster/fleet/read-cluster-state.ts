import * as v from 'valibot';
import { readShape, type SourceObject } from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import type { ClusterVersionState, HiveConfigState, NamedImage } from './survey.ts';

const textOrNone = v.optional(v.string(), '');
const releaseFields = { image: textOrNone, version: textOrNone };
const release = v.pipe(plainObject, v.looseObject(releaseFields));
const desiredUpdate = v.pipe(plainObject, v.looseObject({ ...releaseFields, force: v.optional(v.boolean(), false) }));
const past = v.pipe(
  plainObject,
  v.looseObject({ ...releaseFields, verified: v.optional(v.boolean()), acceptedRisks: textOrNone }),
);
const store = v.looseObject({ url: v.string(), ca: v.nullish(v.looseObject({ name: v.string() })) });
const clusterVersion = v.looseObject({
  spec: v.nullish(
    v.pipe(
      plainObject,
      v.looseObject({ desiredUpdate: v.nullish(desiredUpdate), signatureStores: v.nullish(v.array(store)) }),
    ),
  ),
  status: v.nullish(
    v.pipe(
      plainObject,
      v.looseObject({
        desired: v.nullish(release),
        availableUpdates: v.nullish(v.array(release)),
        history: v.nullish(v.array(past)),
      }),
    ),
  ),
});
const configMapReference = v.pipe(plainObject, v.looseObject({ namespace: textOrNone, name: textOrNone }));
const hiveConfig = v.looseObject({
  metadata: v.looseObject({ name: v.string() }),
  spec: v.nullish(
    v.pipe(plainObject, v.looseObject({ releaseImageVerificationConfigMapRef: v.nullish(configMapReference) })),
  ),
});

/** @throws InputError `FileUnreadable` */
export function parseClusterVersion(source: SourceObject): ClusterVersionState {
  const { spec, status } = readShape(clusterVersion, source);
  const history = status?.history ?? [];
  const named = (
    where: NamedImage['where'],
    releases: readonly v.InferOutput<typeof release>[],
  ): readonly NamedImage[] =>
    releases
      .filter(({ image }) => image !== '')
      .map(({ image, version }) => ({ where, image, version: version === '' ? undefined : version }));
  const wanted = spec?.desiredUpdate ?? undefined;
  const desired = status?.desired ?? undefined;
  return {
    version: desired === undefined || desired.version === '' ? undefined : desired.version,
    images: [
      ...named('spec.desiredUpdate', wanted === undefined ? [] : [wanted]),
      ...named('status.desired', desired === undefined ? [] : [desired]),
      ...named('status.availableUpdates', status?.availableUpdates ?? []),
      ...named('status.history', history),
    ],
    desiresForce: wanted?.force === true,
    history: history.map(({ version, image, verified, acceptedRisks }, index) => ({
      version: version === '' ? undefined : version,
      image,
      verified,
      acceptedRisks,
      isFirst: index === history.length - 1,
    })),
    signatureStores: spec?.signatureStores?.map(({ url, ca }) => ({ url, ca: ca?.name })),
  };
}

/** @throws InputError `FileUnreadable` */
export function parseHiveConfig(source: SourceObject): HiveConfigState {
  const { metadata, spec } = readShape(hiveConfig, source);
  const reference = spec?.releaseImageVerificationConfigMapRef ?? undefined;
  return {
    name: metadata.name,
    isReferring: reference !== undefined,
    referredNamespace: reference?.namespace ?? '',
    referredName: reference?.name ?? '',
  };
}
