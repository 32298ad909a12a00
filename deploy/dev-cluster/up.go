package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// configs holds the config files of containerd, CNI, kubelet, kube-proxy, the
// node's nftables and the addons, one after the other, each a template.
//
//go:embed configs.tmpl
var configs string

// upOptions are the flags of "kube cluster up".
type upOptions struct {
	noFsync bool
	kwok    int
	limit   time.Duration
}

func clusterCommand(args []string) error {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
		args = args[1:]
	}
	flags := flag.NewFlagSet("cluster "+verb, flag.ContinueOnError)
	name := flags.String("name", "main", "name of the cluster")
	all := flags.Bool("all", false, "every cluster")
	switch verb {
	case "up":
		c := &cluster{}
		var o upOptions
		flags.BoolVar(&c.APIOnly, "api-only", false, "only etcd, apiserver and controller-manager, on 127.0.0.1")
		flags.BoolVar(&o.noFsync, "no-fsync", false, "let etcd skip fsync: faster, loses data when the machine dies")
		flags.IntVar(&o.kwok, "kwok", 0, "number of fake nodes that kwok plays")
		flags.DurationVar(&o.limit, "timeout", 3*time.Minute, "give up after this long")
		if err := flags.Parse(args); err != nil {
			return err
		}
		c.Name = *name
		return c.up(o)
	case "down":
		if err := flags.Parse(args); err != nil {
			return err
		}
		for _, c := range chosen(*name, *all) {
			if err := c.down(); err != nil {
				return err
			}
		}
		return nil
	case "status":
		asJSON := flags.Bool("json", false, "for programs")
		if err := flags.Parse(args); err != nil {
			return err
		}
		return printStatus(listClusters(), *asJSON)
	case "load-image": // into running nodes; a later "up" takes everything in HOME/images
		if err := flags.Parse(args); err != nil {
			return err
		}
		for _, c := range chosen(*name, *all) {
			if c.APIOnly {
				continue
			}
			if err := c.loadImages(flags.Args()); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("usage: kube cluster up|down|status|load-image [--name NAME | --all] [flags]")
}

// chosen lists the clusters that the flags mean and that are there.
func chosen(name string, all bool) []*cluster {
	if all {
		return listClusters()
	}
	c, err := loadCluster(name)
	if err != nil {
		fmt.Printf("cluster %s is not there\n", name)
		return nil
	}
	return []*cluster{c}
}

// up starts the cluster and returns when it is ready: apiserver ready, and
// unless api-only, node Ready and cluster DNS answering.
func (c *cluster) up(o upOptions) error {
	began := time.Now()
	step := func(what string) { fmt.Printf("%6.2fs %s\n", time.Since(began).Seconds(), what) }
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	if err := claim(c); err != nil {
		return err
	}
	if err := makePKI(c.path("pki"), c); err != nil {
		return err
	}
	if err := c.writeConfigs(); err != nil {
		return err
	}
	images := make(chan error, 1)
	if c.APIOnly {
		images <- nil
	} else {
		if err := c.makeNetwork(); err != nil {
			return err
		}
		if err := c.makeCgroups(); err != nil {
			return err
		}
		if err := c.start("containerd", binary("containerd"), "--config", c.path("conf", "containerd.toml")); err != nil {
			return err
		}
		go func() { images <- c.importImages(ctx) }()
	}
	step("keys, configs and network made")

	if err := c.startControlPlane(ctx, o); err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	err = c.poll(ctx, "apiserver", 50*time.Millisecond, func() error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil {
		return err
	}
	step("apiserver ready")

	if err := c.startControllers(o); err != nil {
		return err
	}
	if o.kwok > 0 {
		if err := c.startKwok(ctx, client, o.kwok); err != nil {
			return err
		}
		step(fmt.Sprintf("%d fake nodes made", o.kwok))
	}
	if c.APIOnly {
		// The default ServiceAccount is the controller-manager's first visible work.
		err := c.poll(ctx, "controller-manager", 50*time.Millisecond, func() error {
			_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
			return err
		})
		if err != nil {
			return err
		}
		step("controllers run")
	} else {
		if err := <-images; err != nil {
			return err
		}
		step("images imported")
		if err := c.startNode(); err != nil {
			return err
		}
		if err := c.apply(ctx, c.path("conf", "addons.yaml")); err != nil {
			return err
		}
		err := c.poll(ctx, "node", 50*time.Millisecond, func() error { return nodeReady(ctx, client, c.nodeName()) })
		if err != nil {
			return err
		}
		step("node Ready")
		if err := c.poll(ctx, "cluster DNS", 50*time.Millisecond, func() error { return c.askDNS(ctx) }); err != nil {
			return err
		}
		step("cluster DNS answers")
	}
	c.giveWay()
	fmt.Printf("export KUBECONFIG=%s\n", c.kubeconfig("admin"))
	return nil
}

func (c *cluster) client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig("admin"))
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return kubernetes.NewForConfig(config)
}

// writeConfigs cuts configs.tmpl at its "#file NAME" lines and fills each part.
func (c *cluster) writeConfigs() error {
	if err := os.MkdirAll(c.path("conf", "cni"), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(c.path("conf", "certs.d", "_default"), 0o755); err != nil {
		return err
	}
	for _, part := range strings.Split(configs, "#file ")[1:] {
		file, text, _ := strings.Cut(part, "\n")
		t, err := template.New(file).Parse(text)
		if err != nil {
			return err
		}
		var b strings.Builder
		err = t.Execute(&b, map[string]any{
			"Name": c.Name, "State": c.path(), "Bin": filepath.Join(home(), "bin"), "Sock": c.containerdSock(),
			"NodeIP": c.NodeIP, "NodeName": c.nodeName(), "Cgroup": c.cgroup(),
			"PodCIDR": c.podCIDR(), "ServiceCIDR": c.serviceCIDR(), "DNS": c.serviceIP(10), "API": c.apiURL(),
		})
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.path("conf", file), []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makeNetwork makes the namespace, joins it to the host's bridge and loads the
// node's own NAT table.
func (c *cluster) makeNetwork() error {
	lock, err := lockRun()
	if err != nil {
		return err
	}
	defer lock.Close()
	var commands []string
	if _, err := os.Stat("/sys/class/net/" + hostBridge); err != nil {
		commands = append(commands,
			"ip link add "+hostBridge+" type bridge",
			"ip addr add "+hostAddress+"/24 dev "+hostBridge,
			"ip link set "+hostBridge+" up")
	}
	in := "ip -n " + c.netns() + " "
	commands = append(commands,
		"ip netns add "+c.netns(),
		"ip link add "+c.veth()+" type veth peer name eth0 netns "+c.netns(),
		"ip link set "+c.veth()+" master "+hostBridge+" up",
		in+"link set lo up",
		in+"addr add "+c.NodeIP+"/24 dev eth0",
		in+"link set eth0 up",
		// The node itself needs a route to Services before kube-proxy rewrites them.
		in+"route add "+c.serviceCIDR()+" dev eth0",
	)
	for _, command := range commands {
		if err := run(strings.Fields(command)...); err != nil {
			return err
		}
	}
	return c.inNetns(func() error {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
			return err
		}
		return run("nft", "-f", c.path("conf", "node.nft"))
	})
}

// makeCgroups makes the parent of all pods in every cgroup v1 hierarchy.
func (c *cluster) makeCgroups() error {
	for _, dir := range cgroupDirs() {
		for _, path := range []string{"/quintet", c.cgroup()} {
			if err := os.MkdirAll(dir+path, 0o755); err != nil {
				return err
			}
			if path == "/quintet" {
				os.WriteFile(dir+path+"/cpu.shares", []byte(strconv.Itoa(podsShares)), 0)
			}
			for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // empty in a new cpuset
				if value, err := os.ReadFile(filepath.Join(filepath.Dir(dir+path), file)); err == nil {
					os.WriteFile(filepath.Join(dir+path, file), value, 0o644)
				}
			}
		}
	}
	return nil
}

func cgroupDirs() []string {
	dirs, _ := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	for i := range dirs {
		dirs[i] = filepath.Dir(dirs[i])
	}
	return dirs
}

// importImages loads every tar of HOME/images into the node's containerd.
func (c *cluster) importImages(ctx context.Context) error {
	err := c.poll(ctx, "containerd", 50*time.Millisecond, func() error { return c.ctr(ctx, "version") })
	if err != nil {
		return err
	}
	tars, _ := filepath.Glob(filepath.Join(home(), "images", "*.tar"))
	return c.importTars(ctx, tars)
}

// loadImages loads image tars into the running node.
func (c *cluster) loadImages(tars []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if c.pid("containerd") == 0 {
		return fmt.Errorf("cluster %s: containerd is not running", c.Name)
	}
	return c.importTars(ctx, tars)
}

func (c *cluster) importTars(ctx context.Context, tars []string) error {
	for _, tar := range tars {
		if err := c.ctr(ctx, "images", "import", "--local", tar); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) ctr(ctx context.Context, args ...string) error {
	args = append([]string{"--address", c.containerdSock(), "--namespace", "k8s.io"}, args...)
	if out, err := exec.CommandContext(ctx, binary("ctr"), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ctr: %w: %s", err, out)
	}
	return nil
}

func (c *cluster) startControlPlane(ctx context.Context, o upOptions) error {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.EtcdPort)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.PeerPort)
	etcd := []string{binary("kube"), "etcd", "--data-dir=" + c.path("etcd"), "--log-level=warn",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer}
	if o.noFsync {
		etcd = append(etcd, "--unsafe-no-fsync")
	}
	if err := c.start("etcd", etcd...); err != nil {
		return err
	}
	err := c.poll(ctx, "etcd", 20*time.Millisecond, func() error {
		return c.inNetns(func() error {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.EtcdPort))
			if err == nil {
				conn.Close()
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	return c.start("apiserver", binary("kube"), "apiserver",
		"--etcd-servers="+client,
		"--bind-address="+c.NodeIP, "--advertise-address="+c.NodeIP, fmt.Sprintf("--secure-port=%d", c.Port),
		"--service-cluster-ip-range="+c.serviceCIDR(),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--client-ca-file="+c.pki("ca.crt"),
		"--tls-cert-file="+c.pki("apiserver.crt"), "--tls-private-key-file="+c.pki("apiserver.key"),
		"--kubelet-client-certificate="+c.pki("apiserver-kubelet.crt"), "--kubelet-client-key="+c.pki("apiserver-kubelet.key"),
		"--kubelet-certificate-authority="+c.pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+c.pki("service-accounts.pub"), "--service-account-signing-key-file="+c.pki("service-accounts.key"),
		"--requestheader-client-ca-file="+c.pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+c.pki("front-proxy.crt"), "--proxy-client-key-file="+c.pki("front-proxy.key"),
		"--profiling=false")
}

func (c *cluster) startControllers(o upOptions) error {
	config := func(user string) []string {
		k := c.kubeconfig(user)
		return []string{"--kubeconfig=" + k, "--authentication-kubeconfig=" + k, "--authorization-kubeconfig=" + k,
			"--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"}
	}
	manager := append([]string{binary("kube"), "controller-manager", "--cluster-name=" + c.Name,
		"--use-service-account-credentials=true", "--kube-api-qps=200", "--kube-api-burst=400", "--root-ca-file=" + c.pki("ca.crt"),
		"--service-account-private-key-file=" + c.pki("service-accounts.key"),
		"--cluster-signing-cert-file=" + c.pki("ca.crt"), "--cluster-signing-key-file=" + c.pki("ca.key")},
		config("controller-manager")...)
	scheduler := append([]string{binary("kube"), "scheduler"}, config("scheduler")...)
	if c.APIOnly { // the host's ports are shared: serve nothing
		manager = append(manager, "--secure-port=0")
		scheduler = append(scheduler, "--secure-port=0")
	}
	if err := c.start("controller-manager", manager...); err != nil {
		return err
	}
	if c.APIOnly && o.kwok == 0 {
		return nil
	}
	return c.start("scheduler", scheduler...)
}

func (c *cluster) startNode() error {
	kube := binary("kube")
	components := map[string][]string{
		"kubelet": {kube, "kubelet", "--config=" + c.path("conf", "kubelet.yaml"), "--kubeconfig=" + c.kubeconfig("kubelet-client"),
			"--root-dir=" + c.path("kubelet"), "--hostname-override=" + c.nodeName(), "--node-ip=" + c.NodeIP},
		"proxy":  {kube, "proxy", "--config=" + c.path("conf", "proxy.yaml")},
		"netpol": {kube, "netpol", "--kubeconfig=" + c.kubeconfig("admin"), "--node=" + c.nodeName()},
	}
	if _, err := os.Stat(binary("crane")); err == nil { // built by "cargo xtask cluster build registry"
		components["registry"] = []string{binary("crane"), "registry", "serve", "--address=" + c.NodeIP + ":5000", "--disk=" + c.path("registry")}
		if err := os.MkdirAll(c.path("registry"), 0o755); err != nil {
			return err
		}
	}
	for component, argv := range components {
		if err := c.start(component, argv...); err != nil {
			return err
		}
	}
	return nil
}

// startKwok makes fake nodes and the process that plays their kubelets.
func (c *cluster) startKwok(ctx context.Context, client *kubernetes.Clientset, count int) error {
	err := c.start("kwok", binary("kwok"), "--config="+binary("kwok.yaml"), "--kubeconfig="+c.kubeconfig("admin"), "--cidr="+c.fakePodCIDR(),
		"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", "--node-ip="+c.NodeIP, "--server-address=")
	if err != nil {
		return err
	}
	for i := range count {
		name := fmt.Sprintf("fake-%d", i)
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
			Labels:      map[string]string{"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"},
		}}
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return c.poll(ctx, "fake nodes", 100*time.Millisecond, func() error {
		return nodeReady(ctx, client, fmt.Sprintf("fake-%d", count-1))
	})
}

func (c *cluster) apply(ctx context.Context, file string) error {
	cmd := exec.CommandContext(ctx, binary("kube"), "kubectl", "--kubeconfig", c.kubeconfig("admin"), "apply", "--server-side", "-f", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apply %s: %w: %s", file, err, out)
	}
	return nil
}

func nodeReady(ctx context.Context, client kubernetes.Interface, name string) error {
	node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("node %s is not ready", name)
}

// askDNS looks up the apiserver's Service through the DNS Service.
func (c *cluster) askDNS(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (conn net.Conn, err error) {
		err = c.inNetns(func() error {
			conn, err = (&net.Dialer{}).DialContext(ctx, "udp", c.serviceIP(10)+":53")
			return err
		})
		return conn, err
	}}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
	return err
}
