package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// clusterStatus is what "kube cluster status --json" lists.
type clusterStatus struct {
	Name       string         `json:"name"`
	APIOnly    bool           `json:"apiOnly"`
	NodeIP     string         `json:"nodeIP"`
	API        string         `json:"api"`
	Kubeconfig string         `json:"kubeconfig"`
	Components map[string]int `json:"components"` // process ids; 0 for one that has ended
}

// printStatus prints the clusters for people or, as one JSON list, for programs.
func printStatus(clusters []*cluster, asJSON bool) error {
	if !asJSON {
		for _, c := range clusters {
			c.status()
		}
		return nil
	}
	all := []clusterStatus{}
	for _, c := range clusters {
		all = append(all, clusterStatus{Name: c.Name, APIOnly: c.APIOnly, NodeIP: c.NodeIP, API: c.apiURL(),
			Kubeconfig: c.kubeconfig("admin"), Components: c.components()})
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

// components lists what was started, with process ids.
func (c *cluster) components() map[string]int {
	found := map[string]int{}
	entries, _ := os.ReadDir(c.path("pids"))
	for _, e := range entries {
		found[e.Name()] = c.pid(e.Name())
	}
	return found
}

// status prints the components with their memory.
func (c *cluster) status() {
	kind := "node " + c.NodeIP + ", pods " + c.podCIDR() + ", services " + c.serviceCIDR()
	if c.APIOnly {
		kind = "api-only"
	}
	fmt.Printf("%s: %s, %s\n", c.Name, c.apiURL(), kind)
	fmt.Printf("  %-24s %19s     %7s\n", "", "RSS", "PSS")
	var total, shared int
	show := func(name string, pid int) {
		rss, pss := memory(pid, "Rss:"), memory(pid, "Pss:")
		total, shared = total+rss, shared+pss
		fmt.Printf("  %-24s pid %-7d %7.1f MiB %7.1f MiB\n", name, pid, float64(rss)/1024, float64(pss)/1024)
	}
	entries, _ := os.ReadDir(c.path("pids"))
	for _, e := range entries {
		if pid := c.pid(e.Name()); pid != 0 {
			show(e.Name(), pid)
		} else {
			fmt.Printf("  %-24s not running, see %s\n", e.Name(), c.path("logs", e.Name()+".log"))
		}
	}
	if !c.APIOnly {
		for _, pid := range c.leftovers() {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			show("("+strings.TrimSpace(string(name))+")", pid)
		}
	}
	fmt.Printf("  %-24s %19.1f MiB %7.1f MiB\n  kubeconfig %s\n", "total", float64(total)/1024, float64(shared)/1024, c.kubeconfig("admin"))
}

// memory is the resident memory of a process in KiB: all of it ("Rss:"), or
// with pages that processes share divided among them ("Pss:").
func memory(pid int, kind string) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	_, rest, _ := strings.Cut(string(data), "\n"+kind)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib
}
