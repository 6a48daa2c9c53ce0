import { toManifestText } from '../../../lib/base/documents/manifest-text.ts';
import type { ResultWriter } from '../options.ts';
import { toPrintableLines } from '../output.ts';

/** A result as YAML that readers of YAML 1.1 read alike; what a terminal would obey is shown. */
export const writeYaml: ResultWriter = (result) =>
  // Through JSON, so that what it leaves out is not written as null.
  toPrintableLines(toManifestText(JSON.parse(JSON.stringify(result)) as object, 'yaml').trimEnd());
