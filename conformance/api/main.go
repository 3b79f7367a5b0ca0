// The API server's own word on objects: what it would answer to a creation. Decoding, defaults, preparation and
// validation are those of k8s.io/kubernetes, the version that go.mod names; nothing is judged here.
//
// Reads JSON lines {"text": "..."} (YAML or JSON, one object each) and answers each with {"errors": [...]}, or with
// {"unknown": true} where the kind is not one that carries pods.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"sigs.k8s.io/yaml"
)

var strategies = map[string]rest.RESTCreateStrategy{
	"CronJob":               cronjob.Strategy,
	"DaemonSet":             daemonset.Strategy,
	"Deployment":            deployment.Strategy,
	"Job":                   job.Strategy,
	"Pod":                   pod.Strategy,
	"PodTemplate":           podtemplate.Strategy,
	"ReplicaSet":            replicaset.Strategy,
	"ReplicationController": replicationcontroller.Strategy,
	"StatefulSet":           statefulset.Strategy,
}

type question struct {
	Text string `json:"text"`
}

type answer struct {
	Unknown bool     `json:"unknown,omitempty"`
	Errors  []string `json:"errors"`
}

func main() {
	// As the API server's flag --allow-privileged: whether that may be is a matter of policy.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(judge(q.Text)); err != nil {
			os.Exit(1)
		}
	}
}

func judge(text string) answer {
	refused := func(err error) answer { return answer{Errors: []string{err.Error()}} }
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return refused(err)
	}
	object, gvk, err := legacyscheme.Codecs.UniversalDecoder().Decode(asJSON, nil, nil)
	if runtime.IsNotRegisteredError(err) || runtime.IsMissingKind(err) || runtime.IsMissingVersion(err) {
		return answer{Unknown: true}
	}
	if err != nil {
		return refused(err)
	}
	strategy, known := strategies[gvk.Kind]
	if !known {
		return answer{Unknown: true}
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return refused(err)
	}
	rest.FillObjectMetaSystemFields(accessor)
	if accessor.GetNamespace() == "" {
		accessor.SetNamespace("default")
	}
	ctx := request.WithNamespace(context.Background(), accessor.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{APIGroup: gvk.Group, APIVersion: gvk.Version, Verb: "create"})
	return answer{Errors: causes(rest.BeforeCreate(strategy, ctx, object))}
}

// One line per field at fault.
func causes(err error) []string {
	if err == nil {
		return []string{}
	}
	status, ok := err.(errors.APIStatus)
	if !ok || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []string{err.Error()}
	}
	var lines []string
	for _, cause := range status.Status().Details.Causes {
		lines = append(lines, cause.Field+": "+cause.Message)
	}
	return lines
}
