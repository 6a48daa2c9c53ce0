import { Command, Option } from 'commander';
import { VERIFIER_VERSION } from '../lib/runtime/verifier-version.ts';
import type { CheckOptions } from './commands/check.ts';
import type { VerifyOptions } from './commands/verify.ts';
import { addBundle } from './nouns/bundle.ts';
import { addCatalog } from './nouns/catalog.ts';
import { addChecksums } from './nouns/checksums.ts';
import { addDlq } from './nouns/dlq.ts';
import { addExplain } from './nouns/explain.ts';
import { addFleet } from './nouns/fleet.ts';
import { addGraph } from './nouns/graph.ts';
import { addImage } from './nouns/image.ts';
import { addInstaller } from './nouns/installer.ts';
import { addMirror } from './nouns/mirror.ts';
import { addRecord } from './nouns/record.ts';
import { addRelease } from './nouns/release.ts';
import { addRender } from './nouns/render.ts';
import { addReport } from './nouns/report.ts';
import { addRollout } from './nouns/rollout.ts';
import { addSignature } from './nouns/signature.ts';
import { addTrust } from './nouns/trust.ts';
import { options } from './options.ts';

/** Sets the exit status of the process; commands return it. */
type SetStatus = (status: number) => void;

const EXIT_STATUS_HELP = `
Exit status: 0 accepted or done, 1 rejected, 2 wrong call or unreadable input, 3 indeterminate (retry later),
70 fault of Signet’s own or result not written, 130 interrupted.`;

/** The whole command line. A command's code is loaded when it runs, so that help and small commands start fast. */
export function buildProgram(setStatus: SetStatus): Command {
  const program = new Command('signet')
    .description('Decides whether an OpenShift release image may be trusted, and proves why.')
    .version(VERIFIER_VERSION.replace('signet/', ''))
    .showHelpAfterError('(signet --help lists the commands)')
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride();
  addVerify(program, setStatus);
  addCheck(program, setStatus);
  addSignature(program, setStatus);
  addChecksums(program, setStatus);
  addInstaller(program, setStatus);
  addExplain(program, setStatus);
  addFleet(program, setStatus);
  addRelease(program, setStatus);
  addReport(program, setStatus);
  addImage(program, setStatus);
  addCatalog(program, setStatus);
  addRollout(program, setStatus);
  addRecord(program, setStatus);
  addTrust(program, setStatus);
  addMirror(program, setStatus);
  addGraph(program, setStatus);
  addRender(program, setStatus);
  addBundle(program, setStatus);
  addDlq(program, setStatus);
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample: source <(signet completion bash)')
    .action(async (shell: string) => {
      const { printCompletion } = await import('./commands/completion.ts');
      setStatus(printCompletion(shell, program));
    });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureHelp({ showGlobalOptions: false });
  }
  return program;
}

function addVerify(program: Command, setStatus: SetStatus): void {
  program
    .command('verify')
    .description('decide whether a release image may be trusted: pullspec policy, then signatures')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>; a tag beside the digest is ignored')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.mode())
    .option('--force', 'accept whatever was found, as a forced cluster update does; every reason is kept')
    .option('--fail-on-forced', 'exit 1 when the verdict was accepted only by force')
    .addOption(options.allowPrivateStores())
    .addOption(options.pullSecret())
    .addOption(options.registry())
    .addOption(options.tlsCa())
    .addOption(new Option('--as <operator>', 'say it as this operator would').choices(['hive', 'clusterversion']))
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet verify quay.io/openshift-release-dev/ocp-release@sha256:0065… --trust trust',
    )
    .action(async (pullspec: string, given: VerifyOptions) => {
      const { verify } = await import('./commands/verify.ts');
      setStatus(await verify(pullspec, given));
    });
}

function addCheck(program: Command, setStatus: SetStatus): void {
  program
    .command('check')
    .description('apply the pullspec policy alone: nothing is contacted')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.mode())
    .addOption(options.output())
    .action(async (pullspec: string, given: CheckOptions) => {
      const { check } = await import('./commands/check.ts');
      setStatus(await check(pullspec, given));
    });
}
