import type { RenderConfigMaps } from '../bundle/create-bundle.ts';
import { toManifestText } from '../render/manifest-text.ts';
import { toSignatureConfigMaps } from '../render/signature-config-maps.ts';

/** The ConfigMaps of a bundle: one YAML file each, named as the ConfigMap is. */
export const renderConfigMapFiles: RenderConfigMaps = (releases) =>
  toSignatureConfigMaps(releases).map((configMap) => ({
    name: `${configMap.metadata.name}.yaml`,
    bytes: new TextEncoder().encode(toManifestText(configMap, 'yaml')),
  }));
