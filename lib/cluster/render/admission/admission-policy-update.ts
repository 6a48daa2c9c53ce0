import type { PreparedTrust } from '../../../trust/prepared/prepared-trust.ts';
import { toCanonicalCheck, toChange, toPresence } from './match-conditions.ts';

/** A validation in CEL: the request is denied where the expression is false. */
export interface PolicyValidation {
  readonly expression: string;
  readonly messageExpression?: string;
  readonly message: string;
  readonly reason: 'Forbidden';
}

export type PolicyProfile = Pick<
  PreparedTrust,
  | 'profile'
  | 'canonicalRepositories'
  | 'mode'
  | 'force'
  | 'componentImages'
  | 'imagePolicies'
  | 'require'
  | 'verification'
>;

const PATH = 'spec.desiredUpdate';
const WANTED = `object.${PATH}`;
const BEFORE = `oldObject.${PATH}`;

/** The update of a ClusterVersion, as the webhook reads it: an image as written, a version by the object's own status. */
export function toDesiredUpdate(profile: PolicyProfile): readonly PolicyValidation[] {
  const { check, message } = toCanonicalCheck(`${WANTED}.image`, `${PATH}.image`, profile.canonicalRepositories);
  const forced = has('object', 'force', `${WANTED}.force`);
  const ifForced = profile.force === 'allow' ? `${forced} || ` : '';
  const named = has('object', 'image', `${WANTED}.image != ''`);
  const versioned = has('object', 'version', `${WANTED}.version != ''`);
  const isUnjudged = `!${toChange(PATH)} || ${withdrawn()}`;
  const validations: PolicyValidation[] = [
    { expression: `${isUnjudged} || ${ifForced}!(${named}) || ${check}`, ...message, reason: 'Forbidden' },
    {
      expression: `${isUnjudged} || ${ifForced}${named} || !(${versioned}) || ${resolved(profile)} || ${migration()}`,
      message: `${PATH}.version: the status of the ClusterVersion leads this version to no canonical image by digest, or to several; name the release by digest in ${PATH}.image`,
      reason: 'Forbidden',
    },
  ];
  if (profile.force === 'allow') return validations;
  const says = `${PATH}.force: profile ${profile.profile} does not allow force`;
  return [...validations, { expression: `${isUnjudged} || !(${forced})`, message: says, reason: 'Forbidden' }];
}

function has(root: 'object' | 'oldObject', member: string, condition: string): string {
  return `(has(${root}.${PATH}.${member}) && ${condition})`;
}

/** Taking back `force` alone. */
function withdrawn(): string {
  const same = ['version', 'image', 'architecture'].map((member) => {
    const value = (root: string): string => `(has(${root}.${member}) ? ${root}.${member} : '')`;
    return `${value(WANTED)} == ${value(BEFORE)}`;
  });
  const there = `oldObject != null && ${toPresence('oldObject', PATH)}`;
  return `(${there} && !${has('object', 'force', `${WANTED}.force`)} && ${same.join(' && ')})`;
}

const MULTI = `(has(${WANTED}.architecture) && ${WANTED}.architecture == 'Multi')`;

/** On the way to Multi, from another architecture. */
function leaving(): string {
  const there = toPresence('object', 'status.desired.architecture');
  return `(${MULTI} && !(${there} && object.status.desired.architecture == 'Multi'))`;
}

/** What `oc adm upgrade --to-multi-arch` writes: the version that runs, whose other image the operator finds later. */
function migration(): string {
  const runs = `${toPresence('object', 'status.desired.version')} && object.status.desired.version == ${WANTED}.version`;
  return `(${leaving()} && ${runs} && !(${offers().some}))`;
}

/** The releases that the status offers for the version: at least one, and each canonical. The history counts for a way back. */
function resolved({ canonicalRepositories }: PolicyProfile): string {
  const isCanonical = toCanonicalCheck('u.image', '', canonicalRepositories).check;
  const { some, all } = offers(isCanonical);
  const history = ofList('status.history', 'u', isCanonical);
  return `((${some} && ${all}) || (!(${some}) && ${history.some} && ${history.all}))`;
}

interface Quantified {
  readonly some: string;
  readonly all: string;
}

function offers(isCanonical = 'true'): Quantified {
  const available = ofList('status.availableUpdates', 'u', isCanonical);
  const conditional = ofList(
    'status.conditionalUpdates',
    'u.release',
    isCanonical.replaceAll('u.image', 'u.release.image'),
  );
  return { some: `(${available.some} || ${conditional.some})`, all: `(${available.all} && ${conditional.all})` };
}

/** The lists may be null, as they are while there is no update. */
function ofList(path: string, release: string, isCanonical: string): Quantified {
  const there = `${toPresence('object', path)} && dyn(object.${path}) != null`;
  const architecture = `(has(${release}.architecture) && ${release}.architecture == 'Multi')`;
  const isMeant = `has(${release}.version) && ${release}.version == ${WANTED}.version && (!${leaving()} || ${architecture})`;
  const first = `object.${path}.filter(v, ${isMeant.replaceAll(/\bu\./g, 'v.')}).map(v, ${release.replace(/^u/, 'v')}.image)`;
  const isOne = `object.${path}.filter(u, ${isMeant}).all(u, ${first}.all(i, i == ${release}.image))`;
  return {
    some: `(${there} && object.${path}.exists(u, ${isMeant}))`,
    all: `(!(${there}) || (object.${path}.filter(u, ${isMeant}).all(u, ${isCanonical}) && ${isOne}))`,
  };
}
