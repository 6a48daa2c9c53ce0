import { toManifestText } from '../../../base/documents/manifest-text.ts';
import { toSignatureConfigMaps } from '../../../cluster/render/signature-config-maps.ts';
import type { RenderConfigMaps } from '../../create/create-bundle.ts';

/** The ConfigMaps of a bundle: one YAML file each, named as the ConfigMap is. */
export const renderConfigMapFiles: RenderConfigMaps = (releases) =>
  toSignatureConfigMaps(releases).map((configMap) => ({
    name: `${configMap.metadata.name}.yaml`,
    bytes: new TextEncoder().encode(toManifestText(configMap, 'yaml')),
  }));
