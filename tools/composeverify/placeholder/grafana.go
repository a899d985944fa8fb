package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// runGrafana reads what Grafana would, and fails where Grafana could not.
func runGrafana(ctx context.Context) error {
	files, err := readProvisioning("/etc/grafana/provisioning")
	if err != nil {
		return err
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"placeholder": "grafana", "files": files})
	})
	return serve(ctx, map[string]http.Handler{":3000": page})
}

// readProvisioning counts the files that can be read: those of the folder, and the dashboards they lead to.
func readProvisioning(folder string) (files int, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var content struct {
			Providers []struct{ Options struct{ Path string } }
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, provider := range content.Providers {
			n, err := readDashboards(provider.Options.Path)
			if err != nil {
				return err
			}
			files += n
		}
		return nil
	})
	if files == 0 && err == nil {
		err = errors.New("nothing is provisioned")
	}
	return files, err
}

// readDashboards counts the dashboards of a folder.
func readDashboards(folder string) (int, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(paths) == 0 {
		return 0, errors.Join(err, fmt.Errorf("%s has no dashboards", folder))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		var dashboard struct{ UID, Title string }
		if err := json.Unmarshal(text, &dashboard); err != nil || dashboard.UID == "" || dashboard.Title == "" {
			return 0, errors.Join(err, fmt.Errorf("%s is no dashboard", path))
		}
	}
	return len(paths), nil
}
