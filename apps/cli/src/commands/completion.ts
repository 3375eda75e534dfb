/**
 * `mintmark completion`: what a shell needs to complete commands and options; made from the commands themselves.
 * @module
 */
import { Argument, type Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

export function addCompletionCommand(program: Command, run: Run): void {
  const completion = program
    .command("completion")
    .description('completion for a shell: eval "$(mintmark completion bash)"');
  completion.addArgument(new Argument("<shell>").choices(shells));
  completion.action((shell: Shell) => run(completion, async () => completionScript(program, shell)));
}

export function completionScript(program: Command, shell: Shell): Answer {
  const script = scripts[shell](wordsByPath(program));
  return { text: script, json: { shell, script } };
}

/** What may follow each command: `""` for the program itself, `"alias set"` for a command of two words. */
function wordsByPath(command: Command, path = ""): Map<string, string[]> {
  const options = command.options.flatMap((option) => (option.long ? [option.long] : []));
  const words = [...command.commands.map((child) => child.name()), ...options, "--help"];
  const below = command.commands.map((child) => wordsByPath(child, `${path} ${child.name()}`.trim()));
  return new Map([[path, words], ...below.flatMap((map) => [...map])]);
}

const scripts = {
  bash: (words: Map<string, string[]>) => `_mintmark() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || path="\${path:+$path }$word"; done
  local words=""
  while :; do
    case "$path" in
${cases(words, (path, list) => `      "${path}") words="${list.join(" ")}" ;;`)}
      *" "*) path="\${path% *}"; continue ;;
      *) path=""; continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _mintmark mintmark`,
  zsh: (words: Map<string, string[]>) => `autoload -U +X bashcompinit && bashcompinit
${scripts.bash(words)}`,
  fish: (words: Map<string, string[]>) => `complete -c mintmark -f
${[...words].map(([path, list]) => fishLine(path, list)).join("\n")}`,
};

function cases(words: Map<string, string[]>, line: (path: string, list: string[]) => string): string {
  return [...words].map(([path, list]) => line(path, list)).join("\n");
}

function fishLine(path: string, words: string[]): string {
  const seen = path
    .split(" ")
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const condition = seen.length === 0 ? "__fish_use_subcommand" : seen.join("; and ");
  return `complete -c mintmark -n '${condition}' -a '${words.join(" ")}'`;
}
