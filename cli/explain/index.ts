import { type Command, Option } from 'commander';
import { optionalTrust, options, outputOption, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ExplainOptions } from './explain.ts';

/** `signet explain` */
export function addExplain(program: Command, { setStatus, signal }: Run): void {
  program
    .command('explain')
    .description(
      'explain what a cluster’s condition, event or log line says about a release or image, and how to fix it',
    )
    .argument('[file]', 'the text, or YAML or JSON of objects; - for standard input', '-')
    .addOption(optionalTrust('trust documents: look for the signature too'))
    .addOption(options.profile())
    .addOption(new Option('--mirror <dir|s3://bucket>', 'mirror to look in first').argParser(parseNotEmpty))
    .addOption(options.store())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(outputOption('how to print it; yaml: the objects to apply alone', ['text', 'json', 'yaml'], 'text'))
    .addHelpText(
      'after',
      '\nExample: oc get clusterversion version -o yaml | signet explain --trust trust --mirror mirror',
    )
    .action(async (file: string, given: ExplainOptions) => {
      const { explain } = await import('./explain.ts');
      setStatus(await explain(file, given, signal));
    });
}
