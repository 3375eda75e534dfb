import { describe, expect, it } from "vitest";
import { composeCard, type ModelCard, modelCardSchema, renderJson } from "./card.ts";
import { escapeMarkdown } from "./escape-markdown.ts";
import { renderMarkdown } from "./render-markdown.ts";

const card: ModelCard = {
  name: "main.default.titanic",
  version: "1.2.0",
  number: 3,
  description: "Who survives?",
  model_type: "gradient-boosting",
  metrics: { f1: 0.7512345678, accuracy: 0.8 },
  parameters: { num_leaves: "31", learning_rate: "0.1" },
  training_data: { n_samples: 1760, n_features: 3, sources: [{ name: "titanic.csv", digest: "blake3:ab" }] },
  author: "ada",
  created_at: "2026-11-20T12:00:00Z",
  intended_use: "Teaching",
  limitations: "One ship only.",
  feature_importance: [
    { feature: "age", importance: 0.1 },
    { feature: "sex", importance: 0.6 },
    { feature: "class", importance: 0.3 },
  ],
  size_bytes: 12_345,
  single_row_latency_us: 8.25,
  provenance: { digest: "blake3:cd", run: "r1", code: ["c0ffee"], parents: ["titanic/2"], signed_by: ["k1"] },
};

describe("model card", () => {
  it("gives the same bytes for the same facts in any order", () => {
    const shuffled: ModelCard = {
      ...(Object.fromEntries(Object.entries(card).reverse()) as ModelCard),
      metrics: { accuracy: 0.8, f1: 0.7512345678 },
      feature_importance: card.feature_importance.toReversed(),
    };
    expect(renderJson(shuffled)).toBe(renderJson(card));
    expect(renderMarkdown(shuffled)).toBe(renderMarkdown(card));
  });

  it("reads back from its JSON, with metrics in order and the most important feature first", () => {
    const read = modelCardSchema.parse(JSON.parse(renderJson(card)));
    expect(read).toEqual(composeCard(card));
    expect(Object.keys(read.metrics)).toEqual(["accuracy", "f1"]);
    expect(read.feature_importance.map(({ feature }) => feature)).toEqual(["sex", "class", "age"]);
  });

  it.each([{ version: "" }, { number: 0 }, { created_at: "yesterday" }, { metrics: { f1: Number.NaN } }, { extra: 1 }])(
    "refuses %j",
    (change) => {
      expect(() => composeCard({ ...card, ...change })).toThrow();
    },
  );

  it("says everything in Markdown", () => {
    expect(renderMarkdown(card)).toMatchInlineSnapshot(`
      "# main.default.titanic 1.2.0

      Who survives?

      |  |  |
      | --- | --- |
      | Version | 1.2.0 (number 3) |
      | Type | gradient-boosting |
      | Author | ada |
      | Created | 2026-11-20T12:00:00Z |
      | Size | 12345 bytes |
      | One prediction | 8.25 µs (median, on the machine that trained) |

      ## Intended use

      Teaching

      ## Limitations

      One ship only.

      ## Metrics

      | Metric | Value |
      | --- | --- |
      | accuracy | 0.8 |
      | f1 | 0.751235 |

      ## Parameters

      | Parameter | Value |
      | --- | --- |
      | learning\\_rate | 0.1 |
      | num\\_leaves | 31 |

      ## Training data

      |  |  |
      | --- | --- |
      | Rows | 1760 |
      | Features | 3 |
      | titanic.csv | blake3:ab |

      ## Feature importance

      | Feature | Share |
      | --- | --- |
      | sex | 0.6000 |
      | class | 0.3000 |
      | age | 0.1000 |

      ## Provenance

      |  |  |
      | --- | --- |
      | Digest | blake3:cd |
      | Run | r1 |
      | Code | c0ffee |
      | Made from | titanic/2 |
      | Signed by | k1 |
      "
    `);
  });

  it("leaves out what nobody stated", () => {
    const { single_row_latency_us: _, ...rest } = card;
    const bare = renderMarkdown({
      ...rest,
      intended_use: "",
      limitations: "",
      metrics: {},
      parameters: {},
      feature_importance: [],
      training_data: { sources: [] },
    });
    expect(bare.match(/^#.*$/gm)).toEqual(["# main.default.titanic 1.2.0", "## Provenance"]);
  });

  it("lists what the training warned of, after the limitations, and reads cards that know of no warnings", () => {
    const warned = { ...card, warnings: ["column 'a|b' has 1 in every row", "learned *nothing*"] };
    expect(renderMarkdown(warned)).toContain(
      "## Limitations\n\nOne ship only.\n\n## Warnings\n\n- column 'a\\|b' has 1 in every row\n- learned \\*nothing\\*\n\n## Metrics",
    );
    expect(modelCardSchema.parse(JSON.parse(renderJson(warned))).warnings).toEqual(warned.warnings);
    expect(renderJson(card)).not.toContain("warnings");
    expect(renderMarkdown({ ...card, warnings: [] })).toBe(renderMarkdown(card));
  });

  it("lists twenty features and counts the rest", () => {
    const feature_importance = Array.from({ length: 25 }, (_, i) => ({ feature: `f${i}`, importance: 25 - i }));
    expect(renderMarkdown({ ...card, feature_importance })).toContain("| f19 | 6.0000 |\n| and 5 more |  |");
  });
});

describe("escapeMarkdown", () => {
  it.each([
    ["<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"],
    ["a | b", "a \\| b"],
    ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
    ["![](http://tracker.test/p.png)", "!\\[\\](http\\://tracker.test/p.png)"],
    ["see www.example.org", "see www\\.example.org"],
    ["line\r\nbreak\u2028here", "line break here"],
    ["# heading", "\\# heading"],
    ["- item", "\\- item"],
    ["1. item", "1\\. item"],
    ["&lt;", "\\&lt;"],
    ["well-known, 0.5.", "well-known, 0.5."],
    ["back\\slash", "back\\\\slash"],
  ])("writes %j as %j", (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });
});
