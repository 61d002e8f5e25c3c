import { describe, expect, it } from "vitest";
import { toOnePage } from "./to-one-page.js";

const gateway = `# HELP requests_total All requests.
# TYPE requests_total counter
requests_total{result="hit"} 2

# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 1
seconds_sum 0.5
seconds_count 1
`;
const cache = `# HELP seconds How long it was here.
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 3
seconds_sum 1
seconds_count 3
# HELP up Whether.
# TYPE up gauge
up 1
`;

describe("toOnePage", () => {
  it("has every family once and tells the services apart", () => {
    expect(
      toOnePage([
        { service: "gateway", text: gateway },
        { service: "cache", text: cache },
      ]),
    ).toBe(`# HELP requests_total All requests.
# TYPE requests_total counter
requests_total{service="gateway",result="hit"} 2
# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{service="gateway",le="+Inf"} 1
seconds_sum{service="gateway"} 0.5
seconds_count{service="gateway"} 1
seconds_bucket{service="cache",le="+Inf"} 3
seconds_sum{service="cache"} 1
seconds_count{service="cache"} 3
# HELP up Whether.
# TYPE up gauge
up{service="cache"} 1
`);
  });

  it.each([
    ["empty labels", "up{} 1", 'up{service="cache"} 1\n'],
    ["a value with braces and spaces", 'up{a="} 2 {"} 1', 'up{service="cache",a="} 2 {"} 1\n'],
    [
      "a sample without a description",
      "first 1\nsecond 2",
      'first{service="cache"} 1\nsecond{service="cache"} 2\n',
    ],
    ["other comments", "# EOF\n\nup 1", 'up{service="cache"} 1\n'],
    ["text that is no metrics", "<html>\n</html>", ""],
    ["nothing", "", ""],
  ])("takes %s", (_, text, page) => expect(toOnePage([{ service: "cache", text }])).toBe(page));
});
