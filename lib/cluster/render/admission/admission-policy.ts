import { InputError } from '../../../base/errors/input-error.ts';
import { ADMISSION_KINDS, type AdmissionResource, listVersions } from '../../objects/admission-kinds.ts';
import { GUARDED_MANIFESTS, OVERRIDES_PATH } from '../../objects/guarded-manifests.ts';
import { type DoorPlace, SIDE_DOORS, type SideDoor } from '../../objects/side-doors.ts';
import { type PolicyProfile, type PolicyValidation, toDesiredUpdate } from './admission-policy-update.ts';
import { toCoveredCheck } from './covered-check.ts';
import {
  quote,
  toAnnotationChange,
  toCanonicalCheck,
  toChange,
  toMatchConditions,
  toPresence,
} from './match-conditions.ts';

/**
 * Renders the pullspec policy of a profile for one kind as ValidatingAdmissionPolicies with their bindings
 * (`k8s.io/api` admissionregistration/v1): pure CEL, so that nothing has to answer. What stands beside the release has a
 * policy of its own, since the profile may say that it is a warning. Signatures are not looked at.
 *
 * @throws InputError `ArgumentInvalid` for a profile with `verification: disabled`
 */
export function toAdmissionPolicies(resource: AdmissionResource, profile: PolicyProfile): readonly object[] {
  if (profile.verification === 'disabled') {
    const message = `profile ${profile.profile} has verification: disabled: there is nothing to deny`;
    throw new InputError('ArgumentInvalid', message);
  }
  const releases = listReleases(resource, profile);
  const guarded = resource === 'clusterversions' ? [toOverrides()] : [];
  const beside = SIDE_DOORS.filter((door) => door.resource === resource).flatMap((door) => listBeside(door, profile));
  const isWarning = profile.componentImages === 'warn';
  return [
    ...toObjects(resource, '', releases, profile.mode === 'warn' ? ['Warn', 'Audit'] : ['Deny']),
    ...toObjects(resource, '-managed', guarded, ['Deny']),
    ...toObjects(resource, '-beside', beside, isWarning ? ['Warn', 'Audit'] : ['Deny']),
  ];
}

function toObjects(
  resource: AdmissionResource,
  suffix: string,
  validations: readonly PolicyValidation[],
  actions: readonly string[],
): readonly object[] {
  if (validations.length === 0) return [];
  const { group, scope } = ADMISSION_KINDS[resource];
  const metadata = { name: `signet-${resource}${suffix}` };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const rule = {
    apiGroups: [group],
    apiVersions: listVersions(resource),
    operations: ['CREATE', 'UPDATE'],
    resources: [resource],
    scope,
  };
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        // With all defaults: the field is replaced as a whole, and who applies by the server would conflict with who did not.
        matchConstraints: {
          matchPolicy: 'Equivalent',
          namespaceSelector: {},
          objectSelector: {},
          resourceRules: [rule],
        },
        matchConditions: toMatchConditions(resource),
        validations,
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: actions },
    },
  ];
}

function listReleases(resource: AdmissionResource, profile: PolicyProfile): readonly PolicyValidation[] {
  if (resource === 'clusterversions') return toDesiredUpdate(profile);
  const fields = ADMISSION_KINDS[resource].paths.map((path) => {
    const isThere = toPresence('object', path);
    // Hive denies an image set without an image.
    const ifMissing = resource === 'clusterimagesets' ? isThere : 'true';
    return toImageValidation(path, `object.${path}`, `!${toChange(path)}`, profile, ifMissing);
  });
  return fields;
}

function toImageValidation(
  path: string,
  image: string,
  isUnchanged: string,
  profile: PolicyProfile,
  ifMissing: string,
): PolicyValidation {
  const { check, message } = toCanonicalCheck(image, path, profile.canonicalRepositories);
  const isEmpty = ifMissing === 'true' ? `${image} == '' || ` : '';
  return { expression: `${ifMissing} && (${isUnchanged} || ${isEmpty}${check})`, ...message, reason: 'Forbidden' };
}

function listBeside({ place, holds, does }: SideDoor, profile: PolicyProfile): readonly PolicyValidation[] {
  if (holds === 'choice') return [];
  const check = (value: string): string => {
    if (holds === 'setting') return 'false';
    if (holds === 'release') return toCanonicalCheck(value, '', profile.canonicalRepositories).check;
    const covered = (image: string): string => toCoveredCheck(image, profile);
    return holds === 'component'
      ? covered(value)
      : `${value}.split(',').all(pair, pair.contains('=') && ${covered("pair.substring(pair.indexOf('=') + 1)")})`;
  };
  const name = toPlaceName(place);
  const wanted =
    holds === 'setting'
      ? 'is not allowed'
      : holds === 'release'
        ? 'is no canonical release by digest'
        : 'is not by digest in what an image policy covers';
  const message = `${name}: it ${does}, and what it names ${wanted}`;
  const expression =
    place.kind === 'field'
      ? toFieldValidation(place, check, holds === 'setting')
      : `!(${toAnnotationChange({ place, holds }, (k) => `!(${check(`object.metadata.annotations[${k}]`)})`)})`;
  const value = toValue(place);
  const shown =
    value === undefined
      ? {}
      : { messageExpression: `${quote(`${name}: `)} + ${value} + ${quote(`: it ${does}, and it ${wanted}`)}` };
  return [{ expression, ...shown, message, reason: 'Forbidden' }];
}

/** What the message shows; undefined where several values may be meant. A value that is no text leaves it at the name. */
function toValue(place: DoorPlace): string | undefined {
  if (place.kind === 'annotations' || (place.kind === 'field' && place.path.includes('[]'))) return undefined;
  return place.kind === 'field' ? `object.${place.path}` : `object.metadata.annotations[${quote(place.name)}]`;
}

/** An empty text is no image. What a list held before stays, wherever it stands now. */
function toFieldValidation(
  { path, where }: Extract<DoorPlace, { kind: 'field' }>,
  check: (value: string) => string,
  isSetting: boolean,
): string {
  const [container = '', member] = path.split('[].');
  if (member === undefined) return `!${toChange(path)} || dyn(object.${path}) == '' || ${check(`object.${path}`)}`;
  const isMeant = (e: string): string =>
    where === undefined ? 'true' : `has(${e}.${where[0]}) && ${e}.${where[0]} == ${quote(where[1])}`;
  const isEmpty = isSetting ? '' : `e.${member} == '' || `;
  const isBefore = `(oldObject != null && ${toPresence('oldObject', container)} && oldObject.${container}.exists(p, ${isMeant('p')} && has(p.${member}) && p.${member} == e.${member}))`;
  const isGood = `!(${isMeant('e')}) || !has(e.${member}) || ${isEmpty}${check(`e.${member}`)} || ${isBefore}`;
  return `!${toChange(container)} || object.${container}.all(e, ${isGood})`;
}

function toPlaceName(place: DoorPlace): string {
  switch (place.kind) {
    case 'field':
      return place.path;
    case 'annotation':
      return `metadata.annotations[${place.name}]`;
    case 'annotations':
      return `metadata.annotations[${place.prefix}*${place.suffix}]`;
    default:
      throw new TypeError(`there is no place ${JSON.stringify(place satisfies never)}`);
  }
}

/** An override that stood there before stays. */
function toOverrides(): PolicyValidation {
  const names = GUARDED_MANIFESTS.map(({ kind, namespace, name }) => {
    const within = namespace === undefined ? '' : ` && has(o.namespace) && o.namespace == ${quote(namespace)}`;
    return `(o.kind == ${quote(kind)} && o.name == ${quote(name)}${within})`;
  });
  const namespaceOf = (o: string): string => `(has(${o}.namespace) ? ${o}.namespace : '')`;
  const isSame = `has(p.unmanaged) && p.unmanaged && p.kind == o.kind && p.name == o.name && ${namespaceOf('p')} == ${namespaceOf('o')}`;
  const before = `oldObject != null && ${toPresence('oldObject', OVERRIDES_PATH)} && oldObject.${OVERRIDES_PATH}.exists(p, ${isSame})`;
  const manifests = GUARDED_MANIFESTS.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return {
    expression: `!${toChange(OVERRIDES_PATH)} || object.${OVERRIDES_PATH}.all(o, !(has(o.unmanaged) && o.unmanaged) || !(${names.join(' || ')}) || (${before}))`,
    message: `${OVERRIDES_PATH}: the verification of releases rests on these, which must stay managed: ${manifests}`,
    reason: 'Forbidden',
  };
}
