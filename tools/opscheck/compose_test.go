package opscheck_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// service is what is held to rules of a service of the compose file.
type service struct {
	Image       string
	User        string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	PidsLimit   int      `yaml:"pids_limit"`
	MemLimit    string   `yaml:"mem_limit"`
	CPUs        float64  `yaml:"cpus"`
	Restart     string
	Privileged  bool
	NetworkMode string `yaml:"network_mode"`
	Ports       []string
	Volumes     []string
	Tmpfs       []string
	Logging     struct{ Options map[string]string }
	Environment map[string]string
	Healthcheck struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
}

type composeFile struct {
	Services map[string]service
	Volumes  map[string]any
}

func readComposeFile(t *testing.T) composeFile {
	t.Helper()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatalf("docker-compose.yml: %v", err)
	}
	if len(file.Services) == 0 {
		t.Fatal("docker-compose.yml has no services")
	}
	return file
}

func TestContainersMayDoNoMoreThanTheyHaveTo(t *testing.T) {
	t.Parallel()
	user := regexp.MustCompile(`^[1-9]\d*:\d+$`)
	for name, s := range readComposeFile(t).Services {
		for what, ok := range map[string]bool{
			"runs as a user by number, not root": user.MatchString(s.User),
			"has a root it cannot write to":      s.ReadOnly,
			"drops all capabilities":             slices.Equal(s.CapDrop, []string{"ALL"}),
			"gains no privileges":                slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}),
			"is not privileged":                  !s.Privileged,
			"is on no other network":             s.NetworkMode == "",
			"has its memory limited":             s.MemLimit != "",
			"has its processes limited":          s.PidsLimit > 0,
			"has its cores limited":              s.CPUs > 0,
			"has logs that end":                  s.Logging.Options["max-size"] != "" && s.Logging.Options["max-file"] != "",
			"comes back":                         s.Restart == "unless-stopped",
			"is checked":                         len(s.Healthcheck.Test) > 1 || name == "load", // which serves nothing
			"has an image by its tag":            regexp.MustCompile(`^[a-z0-9./-]+:[a-z0-9.-]+$`).MatchString(s.Image) && !strings.HasSuffix(s.Image, ":latest"),
		} {
			if !ok {
				t.Errorf("it is not so that %s %s: %+v", name, what, s)
			}
		}
	}
}

func TestPortsArePublishedOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, s := range readComposeFile(t).Services {
		for _, port := range s.Ports {
			at := regexp.MustCompile(`^127\.0\.0\.1:(\d+):\d+$`).FindStringSubmatch(port)
			if at == nil {
				t.Errorf("%s publishes %q, want 127.0.0.1:PORT:PORT", name, port)
				continue
			}
			if other := published[at[1]]; other != "" {
				t.Errorf("%s and %s both publish %s", name, other, at[1])
			}
			published[at[1]] = name
		}
	}
}

func TestWhatIsMountedExistsAndCannotBeChanged(t *testing.T) {
	t.Parallel()
	file := readComposeFile(t)
	used := map[string]bool{}
	for name, s := range file.Services {
		for _, volume := range s.Volumes {
			source, mode, _ := strings.Cut(volume, ":")
			if strings.HasPrefix(source, ".") {
				if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
					t.Errorf("%s mounts what is not there: %v", name, err)
				}
				if !strings.HasSuffix(mode, ":ro") {
					t.Errorf("%s could write to %s", name, source)
				}
				continue
			}
			if _, ok := file.Volumes[source]; !ok || used[source] {
				t.Errorf("%s has the volume %q, want one that is declared and no other service's", name, source)
			}
			used[source] = true
		}
		for _, tmpfs := range s.Tmpfs {
			if !strings.Contains(tmpfs, "size=") {
				t.Errorf("%s may fill %s", name, tmpfs)
			}
		}
	}
}

func TestServicesWaitForTheHealthOfOthers(t *testing.T) {
	t.Parallel()
	file := readComposeFile(t)
	for name, s := range file.Services {
		for other, on := range s.DependsOn {
			if on.Condition != "service_healthy" || len(file.Services[other].Healthcheck.Test) == 0 {
				t.Errorf("%s waits for %q of %s, want service_healthy of one that is checked", name, on.Condition, other)
			}
		}
	}
}

// A variable that the gateway does not know would change nothing, and say nothing.
func TestGatewaysKnowTheirVariables(t *testing.T) {
	t.Parallel()
	usage, err := exec.CommandContext(t.Context(), "go", "run", "-C", "../..", "./examples/gateway", "-h").CombinedOutput()
	if err != nil {
		t.Fatalf("gateway -h: %v\n%s", err, usage)
	}
	knows := func(variable string) bool {
		flag, ours := strings.CutPrefix(variable, "GATEWAY_")
		flag = strings.ReplaceAll(strings.ToLower(flag), "_", "-")
		return regexp.MustCompile(`(?m)^  `+variable+`\b`).Match(usage) || ours && regexp.MustCompile(`(?m)^  -`+flag+`\b`).Match(usage)
	}
	if knows("GATEWAY_NOTHING") || !knows("GATEWAY_ADDR") || !knows("REDIS_ADDRS") {
		t.Fatalf("the usage reads otherwise than this test does:\n%s", usage)
	}
	gateways := 0
	for name, s := range readComposeFile(t).Services {
		if !strings.HasPrefix(name, "gateway-") {
			continue
		}
		gateways++
		for variable := range s.Environment {
			ours := strings.HasPrefix(variable, "GATEWAY_") || strings.HasPrefix(variable, "REDIS_")
			if ours && !knows(variable) {
				t.Errorf("%s is given %s, which no gateway knows", name, variable)
			}
		}
		if s.Environment["GATEWAY_NAME"] != name || s.Environment["OTEL_RESOURCE_ATTRIBUTES"] != "service.instance.id="+name {
			t.Errorf("%s has another's name: %v", name, s.Environment)
		}
	}
	if gateways != 2 {
		t.Errorf("got %d gateways, want 2", gateways)
	}
}
