import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { evaluatePullspec } from '../../verdict/judge/pullspec-policy.ts';
import {
  ADMISSION_KINDS,
  ADMISSION_RESOURCES,
  type AdmissionResource,
  listVersions,
} from '../objects/admission-kinds.ts';
import { MACHINE_CONFIG_RENDERER } from '../objects/guarded-manifests.ts';
import { type OpenDoor, readMember, readOverrides, readSideDoors } from '../objects/read-side-doors.ts';
import { toRemedy } from './check-pullspecs.ts';
import { finding, type JudgedObject, type SurveyFinding, type SurveyPolicy } from './survey.ts';

/** The object as one that admission judges; undefined for any other kind. */
export function toJudgedObject(content: JsonObject): JudgedObject | undefined {
  const resource = ADMISSION_RESOURCES.find((name) => {
    const { group, kind } = ADMISSION_KINDS[name];
    return content['kind'] === kind && listVersions(name).some((one) => content['apiVersion'] === `${group}/${one}`);
  });
  return resource === undefined || isRendered(resource, content) ? undefined : { resource, content };
}

/** A pool's own MachineConfig holds the image of the release that the cluster runs. */
function isRendered(resource: AdmissionResource, content: JsonObject): boolean {
  const name = readMember(content, 'metadata.name');
  const owners = readMember(content, 'metadata.ownerReferences');
  const isOwned =
    Array.isArray(owners) && owners.some((one) => isJsonObject(one) && one['kind'] === 'MachineConfigPool');
  const isNamed = typeof name === 'string' && name.startsWith(MACHINE_CONFIG_RENDERER.namePrefix);
  return resource === 'machineconfigs' && isNamed && isOwned;
}

/** The answer that admission would give to the object today. Signatures are not read: only whether one is required. */
export function checkObject(
  { resource, content, within }: JudgedObject,
  policy: SurveyPolicy,
): readonly SurveyFinding[] {
  const named = describe(resource, content);
  const where = within === undefined ? named : `${within}: ${named}`;
  return [
    ...toReleasePaths(resource, within).flatMap((path) => {
      const image = readMember(content, path);
      return typeof image === 'string' && image !== '' ? checkRelease(`${where} ${path}`, image, policy) : [];
    }),
    ...readSideDoors(resource, content, null).flatMap((door) => checkDoor(where, door, policy)),
    ...(resource === 'clusterversions' ? checkOverrides(where, content) : []),
  ];
}

/** The releases of the cluster's own ClusterVersion are surveyed with its status. */
function toReleasePaths(resource: AdmissionResource, within: string | undefined): readonly string[] {
  if (resource !== 'clusterversions') return ADMISSION_KINDS[resource].paths;
  return within === undefined ? [] : ['spec.desiredUpdate.image'];
}

function describe(resource: AdmissionResource, content: JsonObject): string {
  const [namespace, name] = ['metadata.namespace', 'metadata.name'].map((path) => readMember(content, path));
  const place = typeof namespace === 'string' ? `${namespace}/` : '';
  return `${ADMISSION_KINDS[resource].kind} ${place}${typeof name === 'string' ? name : ''}`.trimEnd();
}

function checkRelease(where: string, image: string, policy: SurveyPolicy): readonly SurveyFinding[] {
  const pullspec = read(image);
  if (pullspec instanceof InputError) return [finding('pullspec', 'refused', where, pullspec.message)];
  const { canonicalRepositories, mirrorRules = [] } = policy;
  const { reasons } = evaluatePullspec(pullspec, { canonicalRepositories, mirrorRules, mode: 'enforce' });
  return reasons.map((reason) => {
    const remedy = toRemedy(pullspec, reason, { canonicalRepositories, mirrorRules, images: [] });
    return finding('pullspec', 'refused', where, `${image}: ${reason.message}`, remedy);
  });
}

function checkDoor(owner: string, { path, value, door }: OpenDoor, policy: SurveyPolicy): readonly SurveyFinding[] {
  const where = `${owner} ${path}`;
  const says = `${value} ${door.does}`;
  const severity = policy.componentImages === 'warn' ? 'warning' : 'refused';
  switch (door.holds) {
    case 'release':
      return checkRelease(where, value, policy);
    case 'choice':
      return [finding('side-door', 'note', where, says)];
    case 'setting':
      return [finding('side-door', severity, where, says, 'take it out')];
    case 'component':
    case 'components':
      return [checkComponent(where, value, says, policy)];
    default:
      throw new TypeError(`there is no content ${JSON.stringify(door.holds satisfies never)}`);
  }
}

function checkComponent(where: string, image: string, says: string, policy: SurveyPolicy): SurveyFinding {
  const pullspec = read(image);
  if (pullspec instanceof InputError) return finding('side-door', 'refused', where, pullspec.message);
  if (policy.covers?.(pullspec) !== true) {
    const severity = policy.componentImages === 'warn' ? 'warning' : 'refused';
    return finding('side-door', severity, where, `${says}, and no image policy covers it`, 'take it out');
  }
  if (pullspec.digest !== undefined) return finding('side-door', 'note', where, `${says}: its signature decides`);
  return finding('side-door', 'refused', where, `${says}, and is no digest`, 'name the image by digest');
}

function checkOverrides(where: string, content: JsonObject): readonly SurveyFinding[] {
  return readOverrides(content, null).map(({ path, manifest, why }) =>
    why === undefined
      ? finding('side-door', 'warning', `${where} ${path}`, `${manifest} is not managed: it blocks minor updates`)
      : finding('side-door', 'refused', `${where} ${path}`, `${manifest} is not managed: ${why}`, 'take it out'),
  );
}

function read(image: string): Pullspec | InputError {
  try {
    return parsePullspec(image);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}
