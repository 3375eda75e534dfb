import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { repeated, textShapes } from "@mintmark/testing/hostile-text";
import { parseAliasName } from "./alias-name.ts";
import { isLoggedModelId } from "./logged-model-id.ts";
import { parseModelName } from "./model-name.ts";
import { parseModelUri } from "./model-uri.ts";
import { isRunId } from "./run-id.ts";

const shapes = {
  ...textShapes,
  "a name that goes on": repeated("a", "models:/"),
  "slashes in a URI": repeated("/", "models:/"),
  "many aliases": repeated("@a", "models:/a"),
  "many questions": repeated("?at=1", "models:/a"),
  "escapes in a URI": repeated("%41", "models:/"),
  "a time that goes on": repeated("0", "models:/a@b?at=2026-01-01T00:00:00.", "Z"),
  "numbers in a URI": repeated("1.", "models:/a/"),
};

costBattery("names", {
  "model URI": parser({ run: parseModelUri, shapes }),
  "model name": parser({ run: parseModelName, shapes: textShapes }),
  alias: parser({ run: parseAliasName, shapes: textShapes }),
  "run and logged model ids": parser({
    run: (text: string) => [isRunId(text), isLoggedModelId(text)],
    shapes: textShapes,
  }),
});
