import type { IgnitionVersion } from '../../../../lib/cluster/render/machine-config/machine-config.ts';

const strictObject = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const verification = strictObject({ hash: { type: 'string', pattern: '^sha(?:256|512)-[0-9a-f]+$' } });
const DATA_URL = { type: 'string', pattern: '^data:[a-z]+/[a-z-]+(?:;charset=utf-8)?;base64,[A-Za-z0-9+/]*={0,2}$' };
const mode = { type: 'integer', minimum: 0, maximum: 0o7777 };
const path = { type: 'string', pattern: '^/[^/]+(?:/[^/]+)*$' };

/** `storage.files` of the Ignition configuration specification, 3.4.0. */
const FILE_3_4 = strictObject(
  {
    path,
    overwrite: { const: true },
    mode,
    user: { type: 'object' },
    group: { type: 'object' },
    append: { type: 'array' },
    contents: strictObject(
      { source: DATA_URL, compression: { enum: ['', 'gzip'] }, httpHeaders: { type: 'array' }, verification },
      ['source'],
    ),
  },
  ['path', 'overwrite', 'mode', 'contents'],
);

/** `storage.files` of 2.2.0, in which a file names its filesystem. */
const FILE_2_2 = strictObject(
  {
    filesystem: { const: 'root' },
    path,
    overwrite: { type: 'boolean' },
    append: { type: 'boolean' },
    mode,
    user: { type: 'object' },
    group: { type: 'object' },
    contents: strictObject({ source: DATA_URL, compression: { enum: ['', 'gzip'] }, verification }, [
      'source',
      'verification',
    ]),
  },
  ['filesystem', 'path', 'mode', 'contents'],
);

/** A MachineConfig that writes files: machineconfiguration.openshift.io/v1 around an Ignition configuration. */
export function machineConfigSchema(ignition: IgnitionVersion) {
  const ignitionSchema = strictObject({ version: { const: `${ignition}.0` } }, ['version']);
  const files = { type: 'array', minItems: 1, items: ignition === '3.4' ? FILE_3_4 : FILE_2_2 };
  const config = strictObject({ ignition: ignitionSchema, storage: strictObject({ files }, ['files']) }, [
    'ignition',
    'storage',
  ]);
  const label = { type: 'string', pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' };
  return strictObject(
    {
      apiVersion: { const: 'machineconfiguration.openshift.io/v1' },
      kind: { const: 'MachineConfig' },
      metadata: strictObject(
        {
          name: { type: 'string', maxLength: 253, pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' },
          labels: strictObject({ 'machineconfiguration.openshift.io/role': label }, [
            'machineconfiguration.openshift.io/role',
          ]),
        },
        ['name', 'labels'],
      ),
      spec: strictObject({ config }, ['config']),
    },
    ['apiVersion', 'kind', 'metadata', 'spec'],
  );
}
