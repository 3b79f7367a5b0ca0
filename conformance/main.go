// Command conformance is the referee of harden's checks: it evaluates pods with the upstream evaluator itself.
//
// Standard input: JSON lines {"manifest": TEXT}, a Pod as YAML or JSON. Standard output: the same lines with the
// verdicts, as steps [first minor, text] for the policy versions v1.0 to one past the newest; an empty text allows the
// pod. "undecodable" marks a pod that the API server would refuse before any check.
//
// What the manifest says is read as kubectl and the API server read it: YAML to JSON, JSON to an untyped object, that
// object as JSON again, and this into the typed one, where keys are case-sensitive.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// row is one line of input and output.
type row struct {
	Manifest    string `json:"manifest"`
	Undecodable bool   `json:"undecodable,omitempty"`
	Baseline    []step `json:"baseline,omitempty"`
	Restricted  []step `json:"restricted,omitempty"`
}

// step is a text and the minor version from which on it holds.
type step struct {
	minor int
	text  string
}

func (s step) MarshalJSON() ([]byte, error) { return marshal([]any{s.minor, s.text}) }

// UnmarshalJSON ignores old verdicts, so that a golden file can be its own input.
func (s *step) UnmarshalJSON([]byte) error { return nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run() error {
	checks := policy.DefaultChecks()
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		return err
	}
	newest := newestMinor(checks)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewReader(os.Stdin)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return out.Flush()
		}
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := judge(&r, evaluator, newest); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		text, err := marshal(r)
		if err != nil {
			return err
		}
		out.Write(append(text, '\n'))
	}
}

// newestMinor is the minor version of the newest revision of any check.
func newestMinor(checks []policy.Check) int {
	newest := 0
	for _, check := range checks {
		last := check.Versions[len(check.Versions)-1].MinimumVersion
		newest = max(newest, last.Minor())
	}
	return newest
}

// judge fills in the verdicts of a row.
func judge(r *row, evaluator policy.Evaluator, newest int) error {
	r.Undecodable, r.Baseline, r.Restricted = false, nil, nil
	pod, err := decode(r.Manifest)
	if err != nil {
		r.Undecodable = true
		return nil
	}
	if r.Baseline, err = steps(api.LevelBaseline, pod, evaluator, newest); err != nil {
		return err
	}
	r.Restricted, err = steps(api.LevelRestricted, pod, evaluator, newest)
	return err
}

func decode(manifest string) (*corev1.Pod, error) {
	sent, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		return nil, err
	}
	var untyped map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(sent, &untyped); err != nil {
		return nil, err
	}
	if sent, err = json.Marshal(untyped); err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, kjson.UnmarshalCaseSensitivePreserveInts(sent, pod)
}

// steps evaluates a pod at every version and checks that "latest" means the newest.
func steps(level api.Level, pod *corev1.Pod, evaluator policy.Evaluator, newest int) ([]step, error) {
	text := func(version api.Version) string {
		target := api.LevelVersion{Level: level, Version: version}
		results := policy.AggregateCheckResults(evaluator.EvaluatePod(target, &pod.ObjectMeta, &pod.Spec))
		return results.ForbiddenDetail()
	}
	var found []step
	for minor := 0; minor <= newest+1; minor++ {
		t := text(api.MajorMinorVersion(1, minor))
		if len(found) == 0 || found[len(found)-1].text != t {
			found = append(found, step{minor, t})
		}
	}
	if found[len(found)-1].text != text(api.LatestVersion()) {
		return nil, fmt.Errorf("latest is not v1.%d", newest)
	}
	return found, nil
}

// marshal writes JSON without escaping for HTML, and without the line end that an encoder adds.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), err
}
